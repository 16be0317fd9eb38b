/** Instances of libopus (`opus-decoder`) that are reused. Each use begins as if the instance were new. */
import { OpusDecoder } from 'opus-decoder';
import { SAMPLE_RATE } from './pcm.ts';

type Instance = OpusDecoder<typeof SAMPLE_RATE>;

/**
 * The parts of `opus-decoder` 0.7.12 that its types do not declare. Its `reset` makes another WebAssembly instance of 28 MB,
 * and collecting those takes 5 to 8 % of the time of all detection. So only the libopus decoder is created again, within the
 * instance, with the calls that `opus-decoder` itself uses to create and free it.
 */
interface Inside {
  /** The address of the libopus decoder and its state. */
  _decoder: number;
  /** How many packets were decoded so far. Errors name a packet by this number. */
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

/** The instances of one thread, by their number of channels. */
export class OpusInstances {
  readonly #idle = { 1: [] as Instance[], 2: [] as Instance[] };

  /**
   * Lends an instance with no state of earlier audio. No samples are skipped at its start. If `work` throws, the instance is
   * not reused.
   */
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
