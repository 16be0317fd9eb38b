/** Decodes a container to one stream of 16 kHz PCM, on its own time axis. Runs in the sandbox. */
import { AppError } from '../../../errors.ts';
import { LAYER_FRAMES } from '../mpegFrames.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import type { Builds } from './builds.ts';
import { Decoding, UnsupportedCodec } from './decoding.ts';
import type { DecodeOptions } from './decoding.ts';
import type { FileEnd, FilePart } from './demux.ts';
import type { FileView } from './fileView.ts';
import { DECODERS } from './formats.ts';
import { frameParts } from './frameParts.ts';
import { Workload } from './limits.ts';
import { linksOf } from './ogg.ts';
import type { OggLink } from './ogg.ts';
import { lengthOf } from './timeline.ts';
import type { Stretch } from './timeline.ts';
import { USUAL_BYTES_PER_SECOND } from './track.ts';

/** The largest number of parts of a file of frames. */
const MAX_PARTS = 500;

/**
 * Decodes one file, with the builds of libav.js that it needs.
 * @throws AppError `recording_corrupt` with a sentence, for a file that is refused; UnsupportedCodec; Error if nothing can be
 * read
 */
export async function* decode(
  file: FileView,
  builds: Builds,
  options: DecodeOptions,
): AsyncGenerator<Stretch[], void, undefined> {
  const { demuxer, maxSeconds, notes } = options;
  const shared = { ...options, builds, workload: new Workload() };
  if (demuxer === 'mp3') {
    const parts = frameParts(file, LAYER_FRAMES, MAX_PARTS);
    yield* new Decoding(shared).decode(parts, { seconds: parts.at(-1)?.tailSeconds ?? 0 });
    return;
  }
  if (demuxer !== 'ogg') {
    yield* new Decoding(shared).decode([{ view: file }], {});
    return;
  }
  const links = linksOf(file);
  const isKnown = ({ codecs }: OggLink): boolean =>
    codecs.length > 0 && codecs.every((codec) => DECODERS.obsolete[codec] !== undefined);
  if (options.hasOther && !links.every(isKnown)) throw new UnsupportedCodec('A link has no decoder here.');
  for (const link of links) {
    let samples = 0;
    try {
      const decoding = new Decoding({ ...shared, hasOther: false }, link.isCutAtStart);
      for await (const stretches of decoding.decode(partsOf(link), endOf(link))) {
        samples += totalOf(stretches);
        yield stretches;
      }
    } catch (error) {
      if (error instanceof AppError || links.length === 1) throw error;
      notes.push('A part of the file has a codec that cannot be decoded.');
      const claimed = link.seconds > 0 ? link.seconds : link.whole.size / USUAL_BYTES_PER_SECOND;
      yield [{ kind: 'lost', samples: Math.max(0, Math.round(Math.min(claimed, maxSeconds) * SAMPLE_RATE) - samples) }];
    }
  }
}

function partsOf({ parts }: OggLink): FilePart[] {
  return parts.map((view) => ({ view }));
}

function endOf({ isEndAlone, seconds, tailBytes }: OggLink): FileEnd {
  return { bytes: tailBytes, endsAt: seconds, isLastUnplaced: isEndAlone };
}

function totalOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, stretch) => sum + lengthOf(stretch), 0);
}
