import { closeSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { claimedSeconds, missingBytes } from '../../src/audio/read/containers/claims.ts';
import { filesWithin } from '../../src/audio/read/containers/filesWithin.ts';
import { openView, readView } from '../../src/audio/read/containers/fileView.ts';
import type { FileWithin } from '../../src/audio/read/containers/filesWithin.ts';
import type { FileView } from '../../src/audio/read/containers/fileView.ts';
import { frameParts } from '../../src/audio/read/containers/frameParts.ts';
import { mendBoxes } from '../../src/audio/read/containers/mp4.ts';
import { linksOf } from '../../src/audio/read/containers/ogg.ts';
import { CompressedSamples, decodePcmFile } from '../../src/audio/read/containers/pcmFile.ts';
import { amrFrames } from '../../src/audio/read/amrFrames.ts';
import { FILE_EXTENSIONS } from '../../src/audio/read/format.ts';
import type { FileExtension } from '../../src/audio/read/format.ts';
import { ADTS_FRAMES, LAYER_FRAMES } from '../../src/audio/read/mpegFrames.ts';
import { containerAt, SIGNATURE_BYTES } from '../../src/audio/read/signatures.ts';
import { AppError } from '../../src/errors.ts';
import { pieces } from '../support/audio.ts';
import { fuzzTarget } from './target.ts';

const DEMUXERS = ['flac', 'mp3', 'mov', 'matroska', 'aiff', 'caf', 'wav', 'ogg', 'aac'];

/** Names of chunks, boxes and elements, and heads of frames. */
const NAMES = [
  ...['RIFF', 'WAVE', 'fmt ', 'data', 'LIST', 'fact', 'JUNK', 'FORM', 'AIFF', 'COMM', 'SSND', 'caff', 'desc', 'pakt'],
  ...['ftyp', 'moov', 'mvhd', 'moof', 'mfhd', 'traf', 'tfhd', 'mdat', 'wide', 'OggS', 'OpusHead', 'fLaC', 'ID3', 'TAG'],
  ...[
    'ftypM4A ',
    'ftypisom',
    'caff\0\x01\0\0',
    'OggS\0\x02',
    'fLaC\0\0\0"',
    '#!AMR\n',
    '#!AMR-WB\n',
    'webm',
    'matroska',
    'RIFF\0\0\0\0WAVE',
  ],
  ...['Xing', 'Info', 'LAME', '\x1a\x45\xdf\xa3', '\x18\x53\x80\x67', '\x15\x49\xa9\x66', '\x2a\xd7\xb1', '\x44\x89'],
  ...['\xff\xfb\x54\x00', '\xff\xf3\x10\x00', '\xff\xf1\x60\x40\x08\x1f\xfc', '\xff\xfb\x00\x00', '\x01\xff\xff\xff'],
].map((name) => Buffer.from(name, 'latin1'));
const SIZES = [0, 1, 2, 7, 8, 16, 24, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];

const size = fc.tuple(fc.oneof(fc.constantFrom(...SIZES), fc.nat(200)), fc.constantFrom(4, 8), fc.boolean());
const part = fc.oneof(
  fc.constantFrom(...NAMES),
  size.map(([value, length, isLittle]) => {
    const bytes = Buffer.alloc(length);
    if (isLittle) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value, length - 4);
    return bytes;
  }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(300).map((length) => Buffer.alloc(length)),
);
/** Parts that are as long as they state: a chunk of RIFF or AIFF, a box of MP4, and nested ones. */
const sized = fc
  .tuple(
    fc.constantFrom('chunk of RIFF', 'chunk of AIFF', 'box'),
    fc.constantFrom(...NAMES.filter(({ length }) => length === 4)),
    fc.constantFrom('', 'WAVE', 'AIFF', 'M4A '),
    fc.array(part, { maxLength: 6 }),
  )
  .map(([kind, name, form, parts]) => {
    const content = Buffer.concat([Buffer.from(form), ...parts]);
    const length = Buffer.alloc(4);
    if (kind === 'chunk of RIFF') length.writeUInt32LE(content.length);
    else length.writeUInt32BE(content.length + (kind === 'box' ? 8 : 0));
    return Buffer.concat(kind === 'box' ? [length, name, content] : [name, length, content]);
  });
const container = fc
  .array(fc.oneof({ arbitrary: part, weight: 3 }, sized), { maxLength: 60 })
  .map((parts) => Buffer.concat(parts));

const folder = mkdtempSync(join(tmpdir(), 'fuzz-headers-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * The code that reads containers outside of the sandbox, and before its decoders: it throws only errors that refuse the recording,
 * and every part lies within the file, behind the one before it.
 */
export const headers = fuzzTarget({ name: 'headers', casesInTest: 300, share: 2 }, () =>
  fc.asyncProperty(container, async (bytes) => {
    const path = join(folder, 'recording');
    writeFileSync(path, bytes);
    const view = openView(path);
    try {
      return (
        DEMUXERS.every((demuxer) => isClaim(claimedSeconds(view, demuxer)) && isClaim(missingBytes(view, demuxer))) &&
        linksOf(view).reduce((sum, { whole }) => sum + whole.size, 0) === bytes.length &&
        FILE_EXTENSIONS.every((extension) => fillFile(filesWithin(view, extension), view)) &&
        [LAYER_FRAMES, ADTS_FRAMES, amrFrames(bytes)].every((format) =>
          areInOrder(frameParts(view, format, 50), bytes.length),
        ) &&
        (await mendBoxes(path), statSync(path).size === bytes.length) &&
        (await isWavOrRefused(bytes))
      );
    } finally {
      closeSync(view.fd);
    }
  }),
);

function isClaim(claim: number | null): boolean {
  return claim === null || !Number.isNaN(claim);
}

/** Whether a file starts with the signature of its kind, or with an ID3 tag, a frame of MP3 or AAC, or a header of AAC. */
function startsOwn(head: Uint8Array, extension: FileExtension): boolean {
  const isStream = extension === 'mp3' || extension === 'aac';
  const text = Buffer.from(head).toString('latin1');
  return containerAt(head) === extension || text.startsWith('ID3') || (isStream && /^(?:\xff|ADIF)/.test(text));
}

/** Whether files follow one another from the first byte to the last, and each behind the first starts at its own head. */
function fillFile(files: readonly FileWithin[], view: FileView): boolean {
  let end = 0;
  const isRow = files.every(({ start, size: length, extension }, i) => {
    const followsOn = start === end && (i === 0 || startsOwn(readView(view, start, SIGNATURE_BYTES), extension));
    end = start + length;
    return followsOn;
  });
  return isRow && end === view.size;
}

function areInOrder(
  parts: readonly { readonly view: FileView; readonly lostSeconds: number }[],
  fileBytes: number,
): boolean {
  let end = 0;
  return parts.every(({ view, lostSeconds }) => {
    const ranges = view.ranges.slice(-1); // the start of the file may come before it
    const isBehind = ranges.every(({ start, size: length }) => start >= end && start + length <= fileBytes);
    end = ranges.reduce((_, { start, size: length }) => start + length, end);
    return isBehind && lostSeconds >= 0 && Number.isFinite(lostSeconds);
  });
}

async function isWavOrRefused(bytes: Buffer): Promise<boolean> {
  try {
    let samples = 0;
    for await (const { parts } of decodePcmFile(pieces(bytes, 100), 3600, 'mixed')) {
      for (const each of parts) samples += each.samples;
    }
    return samples <= 3600 * 16_000;
  } catch (error) {
    return error instanceof CompressedSamples || (error instanceof AppError && error.remedy === 'never');
  }
}
