/** libopus (`opus-decoder`) in instances that are used again, each time as if it were new. */
import { OpusDecoder } from 'opus-decoder';
import { SAMPLE_RATE } from './pcm.ts';

type Instance = OpusDecoder<typeof SAMPLE_RATE>;

/**
 * What `opus-decoder` 0.7.12 has beside its types. Its own `reset` makes another WebAssembly instance, of 28 MB, and collecting those
 * costs 5 to 8 % of the time of all listening. So libopus alone is made anew, within the instance, by the calls with which
 * `opus-decoder` itself makes and frees it.
 */
interface Inside {
  /** Address of libopus and what it remembers. */
  _decoder: number;
  /** Packets so far: errors name a packet by this number. */
  _frameNumber: number;
  readonly _common: {
    readonly wasm: {
      readonly HEAP: ArrayBuffer;
      malloc(bytes: number): number;
      free(address: number): void;
      opus_frame_decoder_create(
        sampleRate: number,
        channels: number,
        streams: number,
        coupledStreams: number,
        mapping: number,
        preSkip: number,
        forceStereo: number,
      ): number;
      opus_frame_decoder_destroy(address: number): void;
    };
  };
}

/** The instances of one thread. */
export class OpusInstances {
  readonly #idle = { 1: [] as Instance[], 2: [] as Instance[] };

  /** Lends an instance that remembers nothing. After an error of `work` it is not used again. No samples are skipped at the start. */
  async lend<Result>(channels: 1 | 2, work: (libopus: Instance) => Promise<Result>): Promise<Result> {
    const known = this.#idle[channels].pop();
    const libopus = known ?? new OpusDecoder({ sampleRate: SAMPLE_RATE, channels, preSkip: 0 });
    if (known) renew(known as unknown as Inside, channels);
    await libopus.ready;
    const result = await work(libopus);
    this.#idle[channels].push(libopus);
    return result;
  }
}

function renew(inside: Inside, channels: 1 | 2): void {
  const { wasm } = inside._common;
  wasm.opus_frame_decoder_destroy(inside._decoder);
  wasm.free(inside._decoder);
  const mapping = wasm.malloc(channels);
  new Uint8Array(wasm.HEAP, mapping, channels).set([0, 1].slice(0, channels));
  inside._decoder = wasm.opus_frame_decoder_create(SAMPLE_RATE, channels, 1, channels - 1, mapping, 0, 0);
  wasm.free(mapping);
  inside._frameNumber = 0;
}
