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
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  // Not a list of frames: there may be ten million of the shortest, and each would take a hundred bytes of memory.
  const stream = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const start = at + FRAMING.lengthBytes;
    if (start > bytes.length) return null;
    const end = start + bytes.readUInt32LE(at);
    if (end > bytes.length || end < start + 2) return null;
    if (bytes[start] !== 0xff || ((bytes[start + 1] ?? 0) & 0xf6) !== 0xf0) return null;
    length += bytes.copy(stream, length, start, end);
    at = end;
  }
  return stream.subarray(0, length);
}
