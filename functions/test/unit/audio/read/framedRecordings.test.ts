import assert from 'node:assert/strict';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { readRecording } from '../../../../src/audio/read/readRecording.ts';
import { chirp, decodeAll, DEFAULTS, framed, opusPackets, pieces } from '../../../support/audio.ts';
import { hasCode } from '../../../support/containers.ts';

const OPUS: FramedFormat = { kind: 'framed', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 };

describe('Framed recordings of any codec', function () {
  it('without a byte are empty', async () => {
    await assert.rejects(decodeAll(new Uint8Array(), OPUS), hasCode('empty_recording'));
    await assert.rejects(decodeAll(pieces(new Uint8Array()), OPUS), hasCode('empty_recording'));
  });

  it('without a usable frame are corrupt', async () => {
    await assert.rejects(decodeAll(new Uint8Array(5000).fill(0xff), OPUS), hasCode('recording_corrupt'));
    await assert.rejects(decodeAll(Uint8Array.of(9, 0, 0), OPUS), hasCode('recording_corrupt'));
  });

  it('end normally at a torn last frame, and report its bytes', async () => {
    const packets = opusPackets(chirp(1), 20);
    const whole = framed(packets);
    const { frames, report } = await decodeAll(whole.subarray(0, whole.length - 5), OPUS);
    assert.equal(frames.length, packets.length - 1);
    assert.equal(report.tornBytes, packets.at(-1)!.length + 4 - 5);
    assert.equal(report.stoppedBecause, null);
  });

  it('report why the rest could not be read, and count it as lost', async () => {
    const packets = opusPackets(chirp(2), 20);
    const bytes = Buffer.concat([framed(packets), new Uint8Array(3000).fill(0xff)]);
    const { frames, report } = await decodeAll(bytes, OPUS);
    assert.equal(report.frames, packets.length);
    assert.ok(report.corruptFrames > 10);
    assert.equal(report.corruptFrames, frames.length - packets.length);
    assert.match(report.stoppedBecause ?? '', /No frame was found after byte \d+/);
  });

  it('pass on errors of the source, which say nothing about the recording', async () => {
    const bytes = framed(opusPackets(chirp(3), 20));
    const broken = new Error('socket hang up');
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield* pieces(bytes.subarray(0, 4000));
      throw broken;
    }
    await assert.rejects(decodeAll(failing(), OPUS), (error) => error === broken);
  });

  it('end at once when the signal is aborted', async () => {
    const abort = new AbortController();
    const bytes = framed(opusPackets(chirp(3), 20));
    const { blocks } = readRecording(pieces(bytes), OPUS, { ...DEFAULTS, signal: abort.signal });
    assert.ok((await blocks.next()).value);
    const reason = new Error('deadline');
    abort.abort(reason);
    await assert.rejects(blocks.next(), (error) => error === reason);
  });

  it('end at once when the signal is aborted while the source hangs', async () => {
    const abort = new AbortController();
    const reason = new Error('deadline');
    const bytes = framed(opusPackets(chirp(3), 20));
    async function* hanging(): AsyncGenerator<Uint8Array, void, undefined> {
      yield* pieces(bytes);
      await new Promise(() =>
        setImmediate(() => {
          abort.abort(reason);
        }),
      );
    }
    await assert.rejects(decodeAll(hanging(), OPUS, { signal: abort.signal }), (error) => error === reason);
  });

  it('release the source if the reader leaves early, without reading ahead', async () => {
    const bytes = framed(opusPackets(chirp(3), 20));
    let given = 0;
    let released = false;
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for (;;) {
          given++;
          yield* pieces(bytes, bytes.length);
        }
      } finally {
        released = true;
      }
    }
    for await (const block of readRecording(endless(), OPUS, DEFAULTS).blocks) {
      assert.ok(block);
      break;
    }
    assert.ok(released);
    assert.ok(given <= 4, `${given} pieces of 3 s were taken for one block`);
  });

  it('are not touched before the first block is asked for', async () => {
    let touched = false;
    const bytes = {
      [Symbol.asyncIterator]() {
        touched = true;
        return pieces(new Uint8Array(1));
      },
    };
    const { blocks } = readRecording(bytes, OPUS, DEFAULTS);
    await blocks.return();
    assert.equal(touched, false);
  });
});
