/** Ports that no other program on this machine uses, nor another suite that starts at the same moment. */
import { connect, createServer, type Server } from 'node:net';

const HOST = '127.0.0.1';

/** Below the ranges that Linux (32768) and macOS (49152) take the ports of outgoing connections from. */
const FIRST_PORT = 20_000;
const BLOCK_SIZE = 20;
const BLOCKS = 400;

export interface PortBlock {
  readonly ports: readonly number[];
  release(): Promise<void>;
}

/**
 * Reserves `count` ports. The first port of a block is its guard: the process that listens on it owns the block. So two
 * suites never choose the same ports, and a block is free again as soon as its owner has ended.
 */
export async function reservePorts(count: number, firstBlock = process.pid % BLOCKS): Promise<PortBlock> {
  if (count >= BLOCK_SIZE) throw new RangeError(`A block has ${BLOCK_SIZE - 1} ports, ${count} were asked for.`);
  for (let attempt = 0; attempt < BLOCKS; attempt++) {
    const base = FIRST_PORT + ((firstBlock + attempt) % BLOCKS) * BLOCK_SIZE;
    const guard = await listen(base);
    if (guard === null) continue;
    const ports = Array.from({ length: count }, (_, index) => base + 1 + index);
    const taken = await firstTakenPort(ports);
    if (taken === null) return { ports, release: () => close(guard) };
    await close(guard);
  }
  throw new Error(`No ${count} free ports between ${FIRST_PORT} and ${FIRST_PORT + BLOCKS * BLOCK_SIZE}.`);
}

/** The first of these ports on which a program listens; null if all are free. */
export async function firstTakenPort(ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    if (await isTaken(port)) return port;
  }
  return null;
}

/**
 * Whether a program listens on a port of this machine. Trying to listen is not a sufficient test: macOS allows it on 127.0.0.1 although
 * AirPlay listens on all addresses (5000 and 7000), and browsers then reach either of them.
 */
export async function isTaken(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === null) return true;
  await close(server);
  return answers(port);
}

/** Whether a connection to a port of this machine is accepted. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST });
    const finish = (connected: boolean): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
}

function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(null);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => {
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
