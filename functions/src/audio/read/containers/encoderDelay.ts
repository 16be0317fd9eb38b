/**
 * Whether an encoder's delay is still before the audio. The frames of AAC overlap, so the first one of a stream only leads to the second:
 * 1,024 samples, 64 ms at 16 kHz. An edit list of MP4, or what iTunes writes in its place, says to leave that out, and decoders do. Frames
 * without a container, and fragments written as they were recorded, have neither.
 */
import type { FileExtension } from '../format.ts';
import type { FileView } from './fileView.ts';
import { indexOf } from './mp4Index.ts';

export function hasEncoderDelay(file: FileView, extension: FileExtension): boolean {
  if (extension === 'aac') return true;
  const index = extension === 'm4a' ? indexOf(file) : null;
  return index !== null && index.includes('mp4a') && !['elst', 'iTunSMPB'].some((known) => index.includes(known));
}
