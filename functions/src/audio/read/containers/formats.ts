/**
 * The demuxer of each container and the decoder of each codec: the list of everything in the sandbox that runs on the bytes of
 * a recording.
 */
import type { FileExtension } from '../format.ts';
import type { LibavVariant } from './libav.ts';

/** FFmpeg's names of demuxers. None of these follows references to other files or addresses. */
export type Demuxer = 'mov' | 'mp3' | 'ogg' | 'matroska' | 'flac';

/**
 * The demuxer of each container that the sandbox reads; the native ffmpeg reads the others. The demuxer is named, and FFmpeg
 * does not choose one by content: so a playlist named `.mp3` cannot open other files.
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
