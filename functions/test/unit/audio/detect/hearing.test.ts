/** What is detected of speech that is far, quiet, late or noisy, and of audio without speech. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atLevel, inRoom, random, steadyNoise, withNoise } from '../../../../bench/hearing/conditions.ts';
import { interleave } from '../../../../src/audio/read/channels.ts';
import { listenWith } from '../../../../src/audio/detect/listener.ts';
import { packPassage, unpackPassage } from '../../../../src/audio/detect/listenMessages.ts';
import type { Listener } from '../../../../src/audio/detect/listener.ts';
import { PassageCutter } from '../../../../src/audio/detect/passages.ts';
import { RegionDetector } from '../../../../src/audio/detect/regions.ts';
import type { Region } from '../../../../src/audio/detect/regions.ts';
import { loadSileroVad } from '../../../../src/audio/detect/vad.ts';
import type { Vad } from '../../../../src/audio/detect/vad.ts';
import { floatToS16le, s16leToFloat } from '../../../../src/audio/read/s16.ts';
import type { SourceFrame } from '../../../../src/audio/read/pcm.ts';
import { joined, opusPackets, RATE } from '../../../support/audio.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/vad');
/** 5.4 s: silence, two sentences, silence. */
const SPEECH = s16leToFloat(readFileSync(join(FIXTURES, 'speech.s16')));

/** A room with 0.6 s of reverberation: the direct sound, followed by decaying noise. */
const ROOM = (() => {
  const next = random(3);
  return Float32Array.from({ length: 0.6 * RATE }, (_, i) =>
    i === 0 ? 1 : 0.25 * next() * Math.exp((-6.9 * i) / (0.6 * RATE)),
  );
})();

const silence = (seconds: number): Float32Array => new Float32Array(Math.round(seconds * RATE));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

function pcmFrames(pcm: Float32Array): SourceFrame[] {
  const bytes = floatToS16le(pcm);
  return Array.from({ length: Math.ceil(pcm.length / 160) }, (_, i) => {
    const payload = bytes.subarray(320 * i, 320 * (i + 1));
    return { payload, samples: payload.length / 2 };
  });
}

async function regionsOf(frames: readonly SourceFrame[], codec: 'opus' | 's16', listener: Listener): Promise<Region[]> {
  const cutter = new PassageCutter(codec);
  const detector = new RegionDetector();
  const regions: Region[] = [];
  for (const passage of [...cutter.push(frames), ...cutter.end()]) {
    regions.push(...detector.push((await listener.listen(passage)).probabilities));
  }
  return [...regions, ...detector.end(frames.reduce((sum, { samples }) => sum + samples, 0))];
}

const seconds = (regions: readonly Region[]): number =>
  regions.reduce((sum, { start, end }) => sum + end - start, 0) / RATE;

describe('Voice detection', function () {
  let vad: Vad;
  let listener: Listener;
  const heard = async (pcm: Float32Array): Promise<Region[]> => regionsOf(pcmFrames(pcm), 's16', listener);

  before(async () => {
    vad = await loadSileroVad();
    listener = listenWith(vad);
  });

  it('is the same for a voice across the room at −20, −42, −46 and −50 dBFS', async () => {
    const far = withNoise(inRoom(joined(times(4, SPEECH)), ROOM), steadyNoise('pink', 10, -20), 15);
    const reference = seconds(await heard(atLevel(far, -20)));
    assert.ok(reference > 8, `${reference} s`);
    for (const level of [-42, -46, -50]) {
      const found = seconds(await heard(atLevel(far, level)));
      assert.ok(Math.abs(found / reference - 1) <= 0.05, `${found} s at ${level} dBFS, ${reference} s at -20`);
    }
  });

  for (const [what, before] of [
    ['loud speech', atLevel(joined(times(4, SPEECH)), -12)],
    ['loud noise', steadyNoise('pink', 20, -20)],
    ['hum', steadyNoise('hum', 20, -25)],
    ['digital silence', silence(20)],
  ] as const) {
    it(`finds quiet speech that follows ${what}`, async () => {
      const quiet = atLevel(SPEECH, -45);
      const alone = seconds(await heard(quiet));
      // The speech begins at different places in a slice.
      for (const pause of [0, 1.3, 2.6, 3.9]) {
        const pcm = joined([before, silence(pause), quiet, silence(1)]);
        const from = before.length + pause * RATE;
        const found = (await heard(pcm)).map(({ start, end }) => ({
          start: Math.max(start, from),
          end: Math.max(end, from),
        }));
        assert.ok(seconds(found) >= 0.95 * alone, `${seconds(found)} of ${alone} s after a pause of ${pause} s`);
      }
    });
  }

  for (const [what, sound] of [
    ['an offset', () => 0.3],
    ['an offset that drifts', (i: number) => 0.2 * Math.sin(i / RATE / 5)],
    ['the hum of mains', (i: number) => 0.3 * Math.sin((2 * Math.PI * 50 * i) / RATE)],
    [
      'an engine',
      (i: number) => 0.1 * Math.sin((2 * Math.PI * 28 * i) / RATE) + 0.05 * Math.sin((2 * Math.PI * 56 * i) / RATE),
    ],
  ] as const) {
    it(`is the same together with ${what}, however much louder that is`, async () => {
      const quiet = atLevel(joined(times(3, SPEECH)), -50);
      const reference = seconds(await heard(quiet));
      const found = seconds(await heard(quiet.map((sample, i) => sample + sound(i))));
      assert.ok(reference > 8 && Math.abs(found / reference - 1) <= 0.1, `${found} s of ${reference}`);
    });
  }

  it('is the same in loud noise as in noise at the level of speech', async () => {
    for (const [kind, ratio] of [
      ['pink', 0],
      ['white', 3],
    ] as const) {
      const noisy = withNoise(joined(times(4, SPEECH)), steadyNoise(kind, 10, -20), ratio);
      const reference = seconds(await heard(atLevel(noisy, -20)));
      const loud = seconds(await heard(atLevel(noisy, -6)));
      assert.ok(reference > 5 && loud >= 0.95 * reference, `${kind}: ${loud} s at -6 dBFS, ${reference} s at -20`);
    }
  });

  it('finds speech in each of two channels, however loud the other is', async () => {
    const voice = atLevel(SPEECH, -40);
    const music = Float32Array.from(
      voice,
      (_, i) => 0.4 * Math.sin(2 * Math.PI * (220 + 110 * (Math.floor((2 * i) / RATE) % 3)) * (i / RATE)),
    );
    const alone = seconds(await heard(voice));
    for (const other of [music, steadyNoise('white', voice.length / RATE, -12), silence(voice.length / RATE)]) {
      for (const [left, right] of [
        [voice, other],
        [other, voice],
      ] as const) {
        const both = interleave([left, right]);
        const frames = pcmFrames(both).map(({ payload }) => ({ payload, samples: (payload?.length ?? 0) / 4 }));
        const found = seconds(await regionsOf(frames, 's16', listener));
        assert.ok(Math.abs(found - alone) < 0.3, `${found} s, not ${alone}`);
      }
    }
  });

  for (const count of [3, 4, 6, 8]) {
    it(`finds speech in each of ${count} channels, however loud the others are`, async () => {
      const voice = atLevel(SPEECH, -40);
      const alone = seconds(await heard(voice));
      const noise = steadyNoise('white', count + voice.length / RATE, -12);
      const noises = Array.from({ length: count - 1 }, (_, i) => noise.subarray(i * RATE, i * RATE + voice.length));
      for (const at of [0, 1, count - 1]) {
        const bytes = floatToS16le(interleave(noises.toSpliced(at, 0, voice)));
        const frames = Array.from({ length: Math.floor(voice.length / 160) }, (_, i) => {
          const apart = bytes.subarray(320 * count * i, 320 * count * (i + 1));
          return { payload: new Uint8Array(320), apart, samples: 160 };
        });
        const passages = new PassageCutter('s16');
        const [passage] = [...passages.push(frames), ...passages.end()].map((each) => unpackPassage(packPassage(each)));
        assert.ok(passage);
        const detector = new RegionDetector();
        const regions = detector.push((await listener.listen(passage)).probabilities);
        const found = seconds([...regions, ...detector.end(voice.length)]);
        assert.ok(Math.abs(found - alone) < 0.3, `${found} s, not ${alone}`);
      }
    });
  }

  it('finds nothing in digital silence and in steady noise, at any level', async () => {
    assert.deepEqual(await heard(silence(65)), []);
    for (const kind of ['white', 'pink', 'brown', 'hum'] as const) {
      for (const level of [-6, -20, -40, -60]) {
        assert.deepEqual(await heard(steadyNoise(kind, 20, level)), [], `${kind} at ${level} dBFS`);
      }
    }
  });

  describe('of Opus whose packets say where there is no voice', () => {
    const pauses = (level: number): Float32Array =>
      withNoise(
        joined([silence(12), atLevel(SPEECH, level), silence(20), atLevel(SPEECH, level), silence(25)]),
        steadyNoise('white', 10, -20),
        40,
      );

    async function judged(
      options: readonly string[],
      level = -25,
    ): Promise<{ share: number; regions: Region[]; whole: Region[] }> {
      const packets = opusPackets(pauses(level), 20, options);
      const frames = packets.map((payload) => ({ payload, samples: 320 }));
      let windows = 0;
      const counting: Vad = {
        async probabilities(slices) {
          const parts = await vad.probabilities(slices);
          windows += parts.reduce((sum, part) => sum + part.length, 0);
          return parts;
        },
      };
      const regions = await regionsOf(frames, 'opus', listenWith(counting));
      const { decodeOpus } = await import('../../../../src/audio/read/opusDecoder.ts');
      const whole = await heard((await decodeOpus(frames)).pcm);
      return { share: (windows * 512) / (frames.length * 320), regions, whole };
    }

    for (const bitrate of ['12k', '24k']) {
      it(`skips the pauses and finds the same speech (SILK, ${bitrate})`, async () => {
        const { share, regions, whole } = await judged(['-b:a', bitrate, '-application', 'voip']);
        assert.ok(share < 0.5, `${share} of the windows were judged`);
        assert.ok(seconds(whole) > 6, `${seconds(whole)} s`);
        assert.ok(Math.abs(seconds(regions) / seconds(whole) - 1) < 0.05, `${seconds(regions)} of ${seconds(whole)} s`);
      });
    }

    it('judges speech at −66 dBFS that the encoder does not detect, because it stands out from the background', async () => {
      const { regions, whole } = await judged(['-b:a', '16k', '-application', 'voip'], -66);
      assert.ok(seconds(whole) > 6, `${seconds(whole)} s`);
      assert.ok(seconds(regions) > 0.95 * seconds(whole), `${seconds(regions)} of ${seconds(whole)} s`);
    });

    it('skips nothing of CELT, which has no voice bits', async () => {
      const { share, regions, whole } = await judged(['-b:a', '64k', '-application', 'lowdelay']);
      assert.ok(share >= 1, `${share}`);
      assert.ok(Math.abs(seconds(regions) / seconds(whole) - 1) < 0.02);
    });
  });
});
