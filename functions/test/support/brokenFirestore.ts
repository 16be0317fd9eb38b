/** A Firestore that answers everything with one gRPC status. */
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface BrokenFirestore {
  /** For `FIRESTORE_EMULATOR_HOST`. */
  readonly host: string;
  close(): void;
}

/** @param status as in https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export async function startBrokenFirestore(status: number): Promise<BrokenFirestore> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status) },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
