/** Which demuxer reads a container, and which decoder each codec: everything that ever runs on a recording's bytes. */
import type { FileExtension } from '../format.ts';
import type { LibavVariant } from './libav.ts';

/** FFmpeg's names. None of these demuxers follows references to other files or addresses. */
export type Demuxer = 'mov' | 'mp3' | 'ogg' | 'matroska' | 'flac';

/**
 * The demuxer of each container that the sandbox reads; ffmpeg reads the others. Naming it, instead of letting FFmpeg
 * look at the content, is what keeps a playlist called `.mp3` from opening other files.
 */
export const DEMUXERS: Readonly<Partial<Record<FileExtension, Demuxer>>> = {
  m4a: 'mov',
  mp3: 'mp3',
  ogg: 'ogg',
  webm: 'matroska',
  flac: 'flac',
};

/** The decoder of each codec in each build. */
export const DECODERS: Readonly<Record<LibavVariant, Readonly<Record<string, string>>>> = {
  obsolete: {
    opus: 'libopus',
    vorbis: 'libvorbis',
    flac: 'flac',
    mp3: 'mp3',
    pcm_s16le: 'pcm_s16le',
    pcm_s24le: 'pcm_s24le',
    pcm_f32le: 'pcm_f32le',
  },
  fat: {
    aac: 'aac',
    alac: 'alac',
    opus: 'libopus',
    vorbis: 'libvorbis',
    flac: 'flac',
    pcm_s16le: 'pcm_s16le',
    pcm_s24le: 'pcm_s24le',
  },
};

/** The builds that read a container, the newer first. */
export const VARIANTS: Readonly<Record<Demuxer, readonly LibavVariant[]>> = {
  mov: ['fat'],
  mp3: ['obsolete'],
  ogg: ['obsolete'],
  matroska: ['obsolete', 'fat'],
  flac: ['obsolete'],
};
