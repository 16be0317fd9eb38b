/** How much work frames are for their reader, counted in steps and not in seconds. */
import assert from 'node:assert/strict';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { FrameBytes } from '../../../../src/audio/read/frameBytes.ts';
import { opusPacketSamples48k } from '../../../../src/audio/read/opusPacket.ts';
import { length, noise, OPUS, PCM16, quietPcm16, readAll } from './framing.ts';

describe('The time to read frames', () => {
  /** How many look-ups the reader makes for each byte. */
  function looksPerByte(bytes: Buffer, format: FramedFormat): number {
    let looks = 0;
    const uncounted: readonly (() => void)[] = (['at', 'next'] as const).map((name) => {
      const original = Object.getOwnPropertyDescriptor(FrameBytes.prototype, name);
      const method = original?.value as (this: FrameBytes, offset: number) => unknown;
      Object.defineProperty(FrameBytes.prototype, name, {
        ...original,
        value(this: FrameBytes, offset: number) {
          looks++;
          return method.call(this, offset);
        },
      });
      return () => Object.defineProperty(FrameBytes.prototype, name, original ?? {});
    });
    try {
      readAll(bytes, format, [65_536]);
    } finally {
      for (const undo of uncounted) undo();
    }
    return looks / bytes.length;
  }

  it('of a packet full of padding is a few hundred steps, whatever its size', () => {
    for (const size of [1000, 10_000, 65_536]) {
      let reads = 0;
      const packet = Buffer.alloc(size, 255);
      packet.set([3, 0x41]);
      const counting = new Proxy(packet, {
        get(target, key) {
          reads++;
          return Reflect.get(target, key, target) as unknown;
        },
      });
      opusPacketSamples48k(counting);
      assert.ok(reads < 3 * (size / 254 + 10), `${reads} reads of ${size} bytes`);
    }
  });

  it('grows with the bytes and no faster, whatever they are', () => {
    const head = Buffer.alloc(4 * 318);
    for (let i = 0; i < 318; i++) head.writeUInt32LE(head.length - 4 * i - 4, 4 * i);
    const padded = Buffer.concat([length(65_536), Buffer.of(3, 0x41), Buffer.alloc(65_534, 255)]);
    const inputs = [
      Buffer.concat([Buffer.alloc(4), ...Array<Buffer[]>(8).fill([head, padded]).flat()]),
      Buffer.alloc(500_003),
      quietPcm16(250_000, 3),
      Buffer.alloc(500_000, Buffer.of(0, 0, 1)),
      Buffer.alloc(500_000, Buffer.of(4, 0, 0, 0, 1, 2, 3, 4, 0xff)),
      noise(500_000, 9),
    ];
    for (const [i, bytes] of inputs.entries()) {
      for (const format of [OPUS, PCM16]) {
        const looks = looksPerByte(bytes, format);
        assert.ok(looks < 12, `${looks} looks for each byte of input ${i} as ${format.codec}`);
      }
    }
  });
});
