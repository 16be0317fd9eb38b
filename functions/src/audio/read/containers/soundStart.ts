/**
 * Finds what the headers of a file say about its audio, for the message if nothing of it could be decoded. Headers are followed
 * by their lengths; their content is mostly not read.
 */
import type { FileExtension } from '../format.ts';
import { chunksOfAiff, chunksOfCaf, chunksOfWav } from './chunkClaims.ts';
import type { Chunk } from './chunkClaims.ts';
import { elementAt, MATROSKA, MAX_ELEMENT_HEAD_BYTES } from './ebml.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { flacSoundStart, MAX_HEADER_BYTES } from './flacHeaders.ts';
import { childrenOf, isBoxType, LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';
import { indexOf } from './mp4Index.ts';
import { linksOf } from './ogg.ts';

/**
 * `damaged`: the headers are. `no track`: no header describes an audio track. `nothing`, `sound`: the headers are intact, and
 * nothing, or audio, follows them.
 */
export type Finding = 'damaged' | 'no track' | 'nothing' | 'sound';

export const FINDERS: Readonly<Partial<Record<FileExtension, (file: FileView) => Finding>>> = {
  flac: (file) => findBehindHeaders(file, flacSoundStart(Buffer.from(readView(file, 0, MAX_HEADER_BYTES)))),
  ogg: findInOgg,
  webm: findInMatroska,
  m4a: findInMp4,
  wav: (file) => findInChunks([...chunksOfWav(file)], 'fmt ', 'data'),
  aiff: (file) => findInChunks([...chunksOfAiff(file)], 'COMM', 'SSND'),
  caf: (file) => findInChunks([...chunksOfCaf(file)], 'desc', 'data'),
  amr: (file) => (file.size <= AMR_MAGIC_BYTES ? 'nothing' : 'sound'),
};

const AMR_MAGIC_BYTES = 9;

/** @param start where the audio begins; null if no header states it */
function findBehindHeaders({ size }: FileView, start: number | null): Finding {
  if (start === null) return 'damaged';
  return start < size ? 'sound' : 'nothing';
}

/** The pages before the first sound may be damaged or missing. */
function findInOgg(file: FileView): Finding {
  const [link] = linksOf(file);
  if (link === undefined || link.isCutAtStart || link.codecs.length === 0) return 'damaged';
  return link.seconds > 0 ? 'sound' : 'nothing';
}

function findInChunks(chunks: readonly Chunk[], description: string, sound: string): Finding {
  const data = chunks.find(({ name }) => name === sound);
  if (data === undefined || !chunks.some(({ name }) => name === description)) return 'damaged';
  return data.content.length <= (sound === 'data' ? 4 : 8) ? 'nothing' : 'sound';
}

/** The largest number of elements before the first cluster. */
const MAX_ELEMENTS = 1000;
/** How many bytes of an element are read. */
const MAX_CONTENT_BYTES = 1024 * 1024;
const VIDEO_TRACK = Buffer.from([0x83, 0x81, 1]);
const AUDIO_TRACK = Buffer.from([0x83, 0x81, 2]);

/** Follows the elements of Matroska, each by the length of the one before, up to the first cluster. */
function findInMatroska(file: FileView): Finding {
  let tracks = Buffer.alloc(0);
  let hasCluster = false;
  for (let at = 0, elements = 0; at < file.size && elements < MAX_ELEMENTS && !hasCluster; elements++) {
    const element = elementAt(Buffer.from(readView(file, at, MAX_ELEMENT_HEAD_BYTES)), 0);
    if (element === null) return 'damaged';
    const { id, content, size } = element;
    const contentOf = () => Buffer.from(readView(file, at + content, Math.min(size, MAX_CONTENT_BYTES)));
    if (elements === 0 && !/webm|matroska/.test(contentOf().toString('latin1'))) return 'damaged';
    if (id === MATROSKA.tracks) tracks = contentOf();
    hasCluster = id === MATROSKA.cluster;
    at += id === MATROSKA.segment ? content : content + size;
  }
  if (tracks.includes(AUDIO_TRACK)) return hasCluster ? 'sound' : 'nothing';
  return tracks.includes(VIDEO_TRACK) ? 'no track' : 'damaged';
}

/** The boxes of an index that consist of boxes. Each lies in the one before it. */
const BOXES_OF_BOXES = ['moov', 'trak', 'mdia', 'minf', 'stbl'];

/** The index of an MP4 file is intact if it consists of whole boxes, and so do the boxes in it. */
function findInMp4(file: FileView): Finding {
  const index = indexOf(file);
  if (index === null || !areBoxes(index, 0, index.length)) return 'damaged';
  return index.includes('soun') ? 'sound' : 'no track';
}

function areBoxes(bytes: Buffer, from: number, to: number, depth = 0): boolean {
  const isIntact = ({ start, size, type }: Box): boolean =>
    isBoxType(type) &&
    (type !== BOXES_OF_BOXES[depth] || areBoxes(bytes, start + LEAST_BOX_BYTES, start + size, depth + 1));
  return childrenOf(bytes, from, to)?.every(isIntact) === true;
}
