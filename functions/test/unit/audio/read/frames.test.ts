import assert from 'node:assert/strict';
import { LIMITS } from 'offline-audio-sync-contract';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { FrameReader } from '../../../../src/audio/read/frames.ts';
import type { FrameEvent } from '../../../../src/audio/read/frameEvents.ts';
import {
  digest,
  frame,
  framesOf,
  length,
  noise,
  OPUS,
  opusPacket,
  opusPackets,
  PCM16,
  PCM8,
  quietPcm16,
  readAll,
  summary,
  TOC_20_MS,
  TOC_60_MS,
} from './framing.ts';

/** Frames as a summary shows them. Strings are kept. */
function short(events: readonly (string | Buffer)[]): string[] {
  return events.map((event) => (typeof event === 'string' ? event : digest(event)));
}

/** Reads pieces end to end, and compares the events with the expected ones. */
function expectEvents(pieces: readonly Uint8Array[], expected: readonly (string | Buffer)[], format = OPUS): void {
  assert.deepEqual(summary(readAll(Buffer.concat(pieces), format)), short(expected));
}

/** Twenty good packets with damage after the tenth. */
function withDamage(damage: readonly Uint8Array[], expected: readonly (string | Buffer)[]): void {
  const packets = opusPackets(20);
  const [before, after] = [packets.slice(0, 10), packets.slice(10)];
  expectEvents(
    [...before.map((p) => frame(p)), ...damage, ...after.map((p) => frame(p))],
    [...before, ...expected, ...after],
  );
}

describe('FrameReader on intact recordings', () => {
  it('returns every Opus packet unchanged', () => {
    const packets = opusPackets(500);
    expectEvents(
      packets.map((p) => frame(p)),
      packets,
    );
  });

  it('states where each frame starts in the recording', () => {
    const events = readAll(Buffer.concat([frame(opusPacket(10, 1)), frame(opusPacket(20, 2))]), OPUS, [3]);
    assert.deepEqual(
      events.map(({ kind, offset }) => ({ kind, offset })),
      [
        { kind: 'frame', offset: 0 },
        { kind: 'frame', offset: 14 },
      ],
    );
  });

  it('accepts packets of one byte and the largest frame that is allowed', () => {
    const tiny = opusPacket(1, 1);
    expectEvents([frame(tiny), frame(tiny), frame(tiny)], [tiny, tiny, tiny]);
    const format: FramedFormat = { ...PCM8, frameSize: LIMITS.maxFrameBytes };
    const huge = [noise(LIMITS.maxFrameBytes, 1), noise(LIMITS.maxFrameBytes, 2)];
    expectEvents(
      huge.map((p) => frame(p)),
      huge,
      format,
    );
  });

  it('accepts PCM frames, the last of them shorter', () => {
    const frames = [quietPcm16(160, 1), quietPcm16(160, 2), quietPcm16(160, 3), quietPcm16(37, 4)];
    expectEvents(
      frames.map((p) => frame(p)),
      frames,
      PCM16,
    );
  });

  it('accepts PCM frames of another size than the name states', () => {
    const frames = Array.from({ length: 20 }, (_, i) => quietPcm16(320, i));
    expectEvents(
      frames.map((p) => frame(p)),
      frames,
      PCM16,
    );
  });

  it('accepts PCM frames of two sizes in turn', () => {
    const frames = Array.from({ length: 40 }, (_, i) => quietPcm16(i % 2 ? 160 : 100, i));
    expectEvents(
      frames.map((p) => frame(p)),
      frames,
      PCM16,
    );
  });

  it('follows an encoder that changes its packet duration, or changes it all the time', () => {
    const changed = [...opusPackets(20), ...opusPackets(20, TOC_20_MS)];
    const alternating = Array.from({ length: 40 }, (_, i) => opusPacket(60, i, i % 2 ? TOC_20_MS : TOC_60_MS));
    for (const packets of [changed, alternating]) {
      expectEvents(
        packets.map((p) => frame(p)),
        packets,
      );
    }
  });

  it('gives no events for no bytes, and accepts none after the end', () => {
    assert.deepEqual(readAll(Buffer.alloc(0), OPUS), []);
    const reader = new FrameReader(OPUS);
    reader.end();
    assert.throws(() => reader.push(Buffer.alloc(1)), /after end/);
  });

  it('does not change payloads when the caller reuses its buffer', () => {
    const packets = opusPackets(3000);
    const bytes = Buffer.concat(packets.map((p) => frame(p)));
    const reader = new FrameReader(OPUS);
    const events: FrameEvent[] = [];
    const reused = Buffer.alloc(1000);
    for (let at = 0; at < bytes.length; at += reused.length) {
      const size = bytes.copy(reused, 0, at);
      events.push(...reader.push(reused.subarray(0, size)));
    }
    assert.deepEqual(framesOf([...events, ...reader.end()]), short(packets));
  });
});

describe('FrameReader on torn recordings', () => {
  const packets = opusPackets(5);
  const whole = Buffer.concat(packets.map((p) => frame(p)));
  const last = 4 + packets[4]!.length;

  it('ends normally wherever the last frame is cut off', () => {
    for (let left = 1; left < last; left++) {
      const bytes = whole.subarray(0, whole.length - last + left);
      assert.deepEqual(summary(readAll(bytes, OPUS)), short([...packets.slice(0, 4), `torn ${left} bytes`]));
    }
  });

  it('does not take a length that swallows whole frames for a torn frame', () => {
    const wrong = frame(packets[2]!, 60_000);
    const bytes = [...packets.slice(0, 2).map((p) => frame(p)), wrong, ...packets.slice(3).map((p) => frame(p))];
    const lost = `lost_sync ${wrong.length} bytes, 1 lost`;
    expectEvents(bytes, [...packets.slice(0, 2), lost, ...packets.slice(3)]);
  });
});

describe('FrameReader on damaged recordings', () => {
  const packet = opusPacket(80, 99);

  for (const claimed of [0, LIMITS.maxFrameBytes + 1, 0x0100_0050, 0xffff_ffff]) {
    it(`loses exactly the frame whose length reads ${claimed}`, () => {
      withDamage([frame(packet, claimed)], ['bad_length 84 bytes, 1 lost']);
    });
  }

  for (const claimed of [1, 20, 79, 81, 82, 100, 200, 1000, 20_001, LIMITS.maxFrameBytes]) {
    it(`loses one frame in time when a length of 80 reads ${claimed}`, () => {
      const packets = opusPackets(400);
      const damaged = [...packets.slice(0, 10).map((p) => frame(p)), frame(packet, claimed)];
      const bytes = Buffer.concat([...damaged, ...packets.slice(10).map((p) => frame(p))]);
      const events = readAll(bytes, OPUS);
      const lost = events.reduce((sum, event) => sum + (event.kind === 'corrupt' ? event.lostFrames : 0), 0);
      const kept = framesOf(events);
      assert.deepEqual(kept.slice(0, 10), short(packets.slice(0, 10)));
      assert.deepEqual(kept.slice(-390), short(packets.slice(10)));
      // A frame cut short by half and more is taken for a frame and a lost one: time is then off by that one frame.
      assert.equal(kept.length - 400 + lost, claimed < 40 ? 2 : 1);
    });
  }

  it('loses exactly a frame that is no packet, and neither of its neighbours', () => {
    const invalid = Buffer.from([0xb3, 0, 1, 2, 3]); // code 3 without frames: rule R5
    withDamage([frame(invalid)], ['bad_payload 9 bytes, 1 lost']);
    withDamage(
      [frame(invalid), frame(packet), frame(invalid), frame(invalid)],
      ['bad_payload 9 bytes, 1 lost', packet, 'bad_payload 9 bytes, 1 lost', 'bad_payload 9 bytes, 1 lost'],
    );
  });

  it('does not let one garbage packet claim another duration than all around it', () => {
    withDamage([frame(opusPacket(50, 1, TOC_60_MS))], ['odd_duration 54 bytes, 1 lost']);
  });

  it('accepts a new duration as the ordinary one after the encoder has changed it', () => {
    const packets = [...opusPackets(20), ...opusPackets(20, TOC_20_MS)];
    const garbage = opusPacket(50, 1); // 10 ms again, once
    const more = opusPackets(5, TOC_20_MS);
    expectEvents(
      [...packets, garbage, ...more].map((p) => frame(p)),
      [...packets, 'odd_duration 54 bytes, 1 lost', ...more],
    );
  });

  it('recognises a single lost frame by its content, whatever its size and however the bytes are divided', () => {
    // Code 3: 48 CELT frames of 2.5 ms, of n bytes each.
    const packetOf = (n: number, seed: number): Buffer => Buffer.concat([Buffer.of(0x83, 48), noise(48 * n, seed)]);
    const packets = [1000, 200, 200, 200, 200, 1000, 200, 200, 200].map(packetOf);
    const bytes = Buffer.concat(packets.map((p, i) => frame(p, i === 5 ? 0 : p.length)));
    const expected = short([...packets.slice(0, 5), 'bad_length 48006 bytes, 1 lost', ...packets.slice(6)]);
    for (const size of [bytes.length, 1000, 64 * 1024]) {
      assert.deepEqual(summary(readAll(bytes, OPUS, [size])), expected);
    }
  });

  it('accepts a PCM frame that ends within a sample: the lengths lead on', () => {
    const frames = [160, 160, 160, 160].map((samples, i) => (i === 1 ? noise(319, 1) : quietPcm16(samples, i)));
    expectEvents(
      frames.map((p) => frame(p)),
      frames,
      PCM16,
    );
  });

  it('finds the next frame in near-silent PCM, whose samples look like lengths', () => {
    for (const claimed of [0, 2, 100, 318, 322, 5000, 0x8000_0000]) {
      const frames = Array.from({ length: 40 }, (_, i) => quietPcm16(160, i));
      const bytes = Buffer.concat(frames.map((p, i) => frame(p, i === 20 ? claimed : p.length)));
      const events = readAll(bytes, PCM16);
      const kept = framesOf(events);
      assert.deepEqual(kept.slice(0, 20), short(frames.slice(0, 20)), `${claimed}`);
      assert.deepEqual(kept.slice(-19), short(frames.slice(21)), `${claimed}`);
      assert.equal(kept.length, 39, `${claimed}`);
    }
  });

  it('does not accept a wrong length because the samples behind it look like a length, too', () => {
    const pairs = Buffer.alloc(320, Buffer.of(2, 0, 0, 0)); // samples 2, 0, 2, 0, …
    const frames = Array.from({ length: 40 }, () => pairs);
    const bytes = Buffer.concat(frames.map((p, i) => frame(p, i === 20 ? 100 : p.length)));
    expectEvents([bytes], [...frames.slice(0, 20), 'lost_sync 324 bytes, 1 lost', ...frames.slice(21)], PCM16);
  });

  it('returns no broken packet, even if the length behind it is broken as well', () => {
    const invalid = Buffer.concat([Buffer.of(0xb3, 0), noise(78, 1)]);
    const packets = opusPackets(10);
    expectEvents(
      [frame(invalid), frame(packet, 0), ...packets.map((p) => frame(p))],
      ['lost_sync 168 bytes, 4 lost', ...packets], // by the size of the next frame, 44 bytes
    );
  });

  it('estimates the frames in a stretch of garbage by the mean frame size', () => {
    const packets = Array.from({ length: 100 }, (_, i) => opusPacket(96, i));
    const bytes = Buffer.concat(packets.map((p) => frame(p)));
    noise(2000, 7).copy(bytes, 5000); // frames of 100 bytes: exactly 50 to 69
    expectEvents([bytes], [...packets.slice(0, 50), 'bad_length 2000 bytes, 20 lost', ...packets.slice(70)]);
  });

  it('continues behind a sector of zeros that starts and ends within frames', () => {
    const packets = Array.from({ length: 100 }, (_, i) => opusPacket(96, i));
    const bytes = Buffer.concat(packets.map((p) => frame(p)));
    bytes.fill(0, 5050, 5050 + 512); // the middle of frame 50 to the middle of frame 55
    const events = readAll(bytes, OPUS);
    const kept = framesOf(events);
    assert.deepEqual(kept.slice(0, 50), short(packets.slice(0, 50)));
    assert.deepEqual(kept.slice(-44), short(packets.slice(56)));
    const lost = events.reduce((sum, event) => sum + (event.kind === 'corrupt' ? event.lostFrames : 0), 0);
    assert.equal(kept.length + lost, 100);
  });

  it('reports the rest as lost, with a reason and an estimate, if no frame is found again', () => {
    const packets = Array.from({ length: 10 }, (_, i) => opusPacket(96, i));
    const garbage = Buffer.alloc(1000, 0xff);
    expectEvents(
      [...packets.map((p) => frame(p)), garbage],
      [...packets, 'bad_length 1000 bytes, 10 lost, to the end'],
    );
    expectEvents([garbage], ['bad_length 1000 bytes, 1 lost, to the end']);
  });

  it('starts late when the first frame is damaged', () => {
    const packets = opusPackets(10);
    expectEvents(
      [frame(packet, 0), ...packets.map((p) => frame(p))],
      ['bad_length 84 bytes, 2 lost', ...packets], // by the size of the one frame known so far: 44 bytes
    );
  });

  it('counts bytes at the end that are too many for a packet as lost, even if they begin with a length', () => {
    const packets = opusPackets(200);
    const rubbish = frame(noise(20_000, 3), 60_000);
    const events = readAll(Buffer.concat([...packets.map((packet) => frame(packet)), rubbish]), OPUS);
    assert.equal(events.filter(({ kind }) => kind === 'frame').length, 200);
    const [last] = events.slice(200);
    assert.ok(last?.kind === 'corrupt' && !last.recovered && last.bytes === rubbish.length);
    assert.ok(last.lostFrames > 200 && last.lostFrames < 300, `${last.lostFrames} of about 240 frames`);
  });

  it('keeps the last frame if only a few bytes of garbage follow it', () => {
    const packets = opusPackets(10);
    expectEvents(
      [...packets.map((p) => frame(p)), length(0), Buffer.alloc(3, 0xff)],
      [...packets, 'bad_length 7 bytes, 1 lost, to the end'],
    );
  });
});
