/**
 * The command line of the native ffmpeg: which of its parts may run on the bytes of a recording, and how much memory it may
 * use.
 */
import type { FfmpegCommand } from 'fluent-ffmpeg';
import { stat } from 'node:fs/promises';
import type { FileExtension } from '../format.ts';
import { memoryLimit } from './limits.ts';

/**
 * The demuxer of each container. None of them follows references to other files (mov only with `enable_drefs`, which is off).
 */
export const FFMPEG_DEMUXERS: Readonly<Record<FileExtension, string>> = {
  wav: 'wav',
  m4a: 'mov',
  mp3: 'mp3',
  ogg: 'ogg',
  webm: 'matroska',
  flac: 'flac',
  aac: 'aac',
  amr: 'amr',
  caf: 'caf',
  aiff: 'aiff',
};

/**
 * Every decoder that may run: codecs of audio that people record. The list is necessary because ffmpeg opens decoders of all
 * tracks, despite `-vn`.
 */
const FFMPEG_DECODERS = [
  ...['aac', 'aac_latm', 'alac', 'ac3', 'eac3', 'amrnb', 'amrwb', 'libopencore_amrnb', 'libopencore_amrwb', 'flac'],
  ...[
    'mp1',
    'mp1float',
    'mp2',
    'mp2float',
    'mp3',
    'mp3float',
    'opus',
    'libopus',
    'vorbis',
    'libvorbis',
    'speex',
    'libspeex',
  ],
  ...[
    'gsm',
    'gsm_ms',
    'g722',
    'g723_1',
    'g726',
    'truespeech',
    'adpcm_ms',
    'adpcm_ima_wav',
    'adpcm_ima_qt',
    'adpcm_yamaha',
  ],
  ...['pcm_alaw', 'pcm_mulaw', 'pcm_u8', 'pcm_s8'],
  ...[
    'pcm_s16le',
    'pcm_s16be',
    'pcm_s24le',
    'pcm_s24be',
    'pcm_s32le',
    'pcm_s32be',
    'pcm_f32le',
    'pcm_f32be',
    'pcm_f64le',
    'pcm_f64be',
  ],
];

/** Address space for the program itself and its libraries, bytes. */
const PROGRAM_BYTES = 1024 * 1024 * 1024;

export interface FfmpegLimits {
  /** The largest single allocation, bytes. */
  readonly allocationBytes: number;
  /** The whole address space, bytes. */
  readonly addressBytes: number;
}

export async function limitsFor(path: string): Promise<FfmpegLimits> {
  const { size } = await stat(path);
  return { allocationBytes: memoryLimit(size), addressBytes: PROGRAM_BYTES + 2 * memoryLimit(size) };
}

/**
 * The command that decodes every audio track of the file at `path` to PCM with its original rate and channels, or copies its
 * packets. Both are written as Matroska (`matroskaPcm.ts`) with the time stamps of the file. The whitelists stand before the
 * input, because ffmpeg opens the decoders of all tracks before it reads `-vn`.
 */
export async function buildCommand(
  binary: string,
  extension: FileExtension,
  path: string,
  output: 'pcm_s16le' | 'copy',
  { allocationBytes }: FfmpegLimits,
): Promise<FfmpegCommand> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  const demuxer = FFMPEG_DEMUXERS[extension];
  return ffmpeg()
    .setFfmpegPath(binary)
    .input(path)
    .inputOptions(['-nostdin', '-v error', '-threads 1', `-max_alloc ${allocationBytes}`])
    .inputOptions([`-codec_whitelist ${FFMPEG_DECODERS.join(',')}`, `-format_whitelist ${demuxer}`])
    .inputOptions(['-protocol_whitelist file', '-vn', '-sn', '-dn', `-f ${demuxer}`])
    .outputOptions(['-map 0:a', '-map_metadata -1', '-copyts', '-avoid_negative_ts disabled'])
    .outputOptions([`-c:a ${output}`, '-cluster_time_limit 1000', '-f matroska']);
}
