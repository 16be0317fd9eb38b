import assert from 'node:assert/strict';
import { browserAudio, pageEvents } from '../../../src/record/browserAudio.ts';
import { Journal } from '../../../src/record/journal.ts';
import { openMicrophone, type AudioPlatform } from '../../../src/record/microphone.ts';
import { Recorder } from '../../../src/record/recorder.ts';
import { skip } from './harness.ts';

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !isSo(); waited += 50) {
    if (waited > 30_000) throw new Error(`It never came to be so: ${what}.`);
    await later(50);
  }
}

/** The engine's own audio. It stores what it opens, for the tests. */
class Platform implements AudioPlatform {
  readonly contexts: AudioContext[] = [];
  readonly tracks: MediaStreamTrack[] = [];
  readonly createCapture = browserAudio.createCapture;
  readonly mediaDevices = {
    getUserMedia: async (constraints?: MediaStreamConstraints) => {
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      this.tracks.push(...stream.getTracks());
      return stream;
    },
  };
  readonly createContext = (options?: AudioContextOptions): AudioContext => {
    const context = browserAudio.createContext(options);
    this.contexts.push(context);
    return context;
  };
}

/** Why a recorder cannot be tested here; null if it can. */
async function obstacle(): Promise<string | null> {
  if ((navigator as Partial<Navigator>).mediaDevices === undefined) return 'this build gives pages no microphone';
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = browserAudio.createContext();
  try {
    // The promise is not awaited, because it may never resolve.
    void context.resume();
    await until(() => context.state === 'running', 'the audio clock runs');
    return null;
  } catch {
    return 'its audio clock does not run: it wants a sound server (Debian: apt-get install pulseaudio)';
  } finally {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  }
}

function testRecorder(): void {
  describe('the recorder', () => {
    let platform: Platform;
    let recorder: Recorder;
    let delivered: { readonly name: string; readonly size: number }[];
    let problems: unknown[];
    beforeEach(() => {
      platform = new Platform();
      delivered = [];
      problems = [];
      recorder = new Recorder({
        uid: crypto.randomUUID(),
        deviceId: 'web1',
        journal: new Journal(crypto.randomUUID()),
        checkKeeping: () => Promise.resolve({ obstacle: null, warning: null }),
        openMicrophone: (events) => openMicrophone(platform, events),
        pageEvents,
        keepAwake: () => () => undefined,
        deliver: (name, audio) => {
          delivered.push({ name, size: audio.size });
          return Promise.resolve();
        },
        isDelivered: () => false,
        onProblem: (error) => problems.push(error),
      });
    });
    afterEach(async () => {
      await recorder.stop();
      assert.deepEqual(problems.map(String), []);
      assert.ok(
        platform.tracks.every(({ readyState }) => readyState === 'ended'),
        'no microphone stays open',
      );
    });

    const recorded = async (ms: number): Promise<void> => {
      await until(() => recorder.recordedMs.value >= ms, `${ms} ms are recorded`).catch((error: unknown) => {
        const { state, interruption, missed } = recorder;
        const clocks = platform.contexts.map(({ state: clock, sampleRate, currentTime }) => ({
          clock,
          sampleRate,
          currentTime,
        }));
        const tracks = platform.tracks.map((track) => ({
          ...track.getSettings(),
          muted: track.muted,
          is: track.readyState,
        }));
        const seen = { state: state.value, interruption: interruption.value, missed: missed.value, clocks, tracks };
        throw new Error(`${String(error)} ${JSON.stringify(seen)}`);
      });
    };

    it('records what the microphone captures', async () => {
      await recorder.start();
      await recorded(2000);
      assert.equal(await recorder.stop(), 'delivered');
      assert.equal(delivered.length, 1, JSON.stringify([delivered, recorder.missed.value]));
      assert.ok((delivered[0]?.size ?? 0) > 1000);
    });

    it('restarts a suspended audio clock', async () => {
      await recorder.start();
      await recorded(1000);
      await platform.contexts.at(-1)?.suspend();
      await recorded(2500);
      assert.equal(recorder.interruption.value, null);
      assert.ok(recorder.missed.value.some(({ reason }) => reason === 'suspended'));
    });

    it('opens another microphone when a track has ended', async () => {
      await recorder.start();
      await recorded(1000);
      platform.tracks.at(-1)?.stop();
      await recorded(2500);
      assert.ok(platform.tracks.length >= 2);
      assert.equal(await recorder.stop(), 'delivered');
      assert.ok(delivered.length >= 2);
    });
  });
}

const why = await obstacle();
if (why !== null) skip('the recorder', why);
else testRecorder();
