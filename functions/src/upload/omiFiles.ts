/** Recordings as Omi's apps write them, in the form that this service reads. */
import { DEVICE_ID, FRAMING } from 'offline-audio-sync-contract';
import type { UploadedFile } from './multipart.ts';
import type { DeviceFile } from './recordings.ts';

/** `audio_{device}_aac_{sampleRate}_{channels}_fs{frameSize}_{timestamp}.bin`: the frames of a recorder that encodes AAC. */
const AAC_NAME = /^(audio_([^_]+)_aac_\d+_\d+(?:_fs\d+)?_\d+)\.bin$/i;

/**
 * Frames of AAC, each with its ADTS header, are an ordinary `.aac` file once their lengths are left out. Everything else is
 * returned as it is: the names and frames of Omi's other codecs are those of this service, or are refused by name.
 */
export function fromOmi(file: UploadedFile): DeviceFile {
  const [, stem, deviceId] = AAC_NAME.exec(file.filename) ?? [];
  if (stem === undefined || deviceId === undefined || !DEVICE_ID.test(deviceId)) return file;
  const bytes = adtsStream(file.bytes);
  return bytes === null ? file : { filename: `${stem}.aac`, bytes, deviceId };
}

/** @returns null where a frame is cut off, or has no ADTS header (ISO/IEC 14496-3, 1.A.2: twelve ones, two zeros for the layer). */
function adtsStream(framed: Uint8Array): Uint8Array | null {
  const view = new DataView(framed.buffer, framed.byteOffset, framed.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < framed.length;) {
    const start = at + FRAMING.lengthBytes;
    if (start > framed.length) return null;
    const end = start + view.getUint32(at, true);
    if (end > framed.length || end < start + 2) return null;
    if (framed[start] !== 0xff || ((framed[start + 1] ?? 0) & 0xf6) !== 0xf0) return null;
    frames.push(framed.subarray(start, end));
    at = end;
  }
  return Buffer.concat(frames);
}
