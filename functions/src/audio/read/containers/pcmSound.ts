/** Converts the samples of a file to 16 kHz, and finds what storage lost of them. */
import { ChannelConverter, lengthOfPlanes } from '../channels.ts';
import type { ChannelMode, Planes } from '../channels.ts';
import { deinterleave } from '../mixDown.ts';
import { lostBatch, toBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { SampleGrid } from './sampleGrid.ts';
import type { PcmFormat } from './pcmFormats.ts';
import { BYTES, samplesOf } from './pcmSamples.ts';
import { ZeroedSectors } from './zeroedSectors.ts';
import type { Stored } from './zeroedSectors.ts';

/** The samples of one file. What storage lost of them becomes lost time in its place. */
export class Sound {
  readonly #newConverter: () => Converter;
  readonly #stride: number;
  readonly #sampleRate: number;
  readonly #sectors: ZeroedSectors;
  #converter: Converter;
  /** Bytes to skip: the rest of a sample whose beginning was lost. */
  #skip = 0;

  /** @param position where in the file the samples begin */
  constructor(format: PcmFormat, stride: number, channels: ChannelMode, position: number) {
    this.#newConverter = () => new Converter(format, channels);
    this.#stride = stride;
    this.#sampleRate = format.sampleRate;
    this.#sectors = new ZeroedSectors(position);
    this.#converter = this.#newConverter();
  }

  *push(bytes: Uint8Array): Generator<Batch, void, undefined> {
    yield* this.#batchesOf(this.#sectors.push(bytes));
  }

  *end(): Generator<Batch, void, undefined> {
    yield* this.#batchesOf(this.#sectors.end());
    yield* this.#endConverter();
  }

  *#batchesOf(parts: Iterable<Stored>): Generator<Batch, void, undefined> {
    for (const part of parts) {
      if (part.kind === 'bytes') {
        yield audio(this.#converter.push(part.bytes.subarray(this.#skip)));
        this.#skip = Math.max(0, this.#skip - part.bytes.length);
        continue;
      }
      yield* this.#endConverter();
      this.#converter = this.#newConverter();
      const before = part.start % this.#stride;
      this.#skip = (this.#stride - ((before + part.size) % this.#stride)) % this.#stride;
      yield lostBatch((before + part.size + this.#skip) / this.#stride / this.#sampleRate);
    }
  }

  *#endConverter(): Generator<Batch, void, undefined> {
    for (const planes of this.#converter.end()) yield audio(planes);
  }
}

function audio(planes: Planes): Batch {
  return toBatch(lengthOfPlanes(planes) > 0 ? [{ kind: 'audio', planes }] : []);
}

/** Converts samples of one format to 16 kHz. */
class Converter {
  readonly #format: PcmFormat;
  readonly #channels: ChannelConverter;
  readonly #grid: SampleGrid | null;
  /** The bytes of an incomplete sample. */
  #rest = Buffer.alloc(0);

  constructor(format: PcmFormat, channels: ChannelMode) {
    this.#format = format;
    this.#channels = new ChannelConverter(format.channels, format.sampleRate, channels);
    const width = BYTES[format.encoding];
    this.#grid = width > 1 ? new SampleGrid(format.encoding, width * format.channels) : null;
  }

  push(bytes: Uint8Array): Planes {
    return this.#convert(this.#grid?.push(bytes) ?? bytes);
  }

  /** The samples that the grid holds back, then those that the resampler does. */
  *end(): Generator<Planes, void, undefined> {
    yield this.#convert(this.#grid?.end() ?? new Uint8Array());
    yield this.#channels.end();
  }

  #convert(bytes: Uint8Array): Planes {
    const { encoding, channels } = this.#format;
    const all = Buffer.concat([this.#rest, bytes]);
    const width = BYTES[encoding];
    const count = Math.floor(all.length / (width * channels)) * channels;
    this.#rest = all.subarray(count * width);
    const pcm = samplesOf(all.subarray(0, count * width), encoding);
    return this.#channels.push(channels === 1 ? [pcm] : deinterleave(pcm, channels));
  }
}
