/**
 * Converts between the pipeline's Float32 PCM and signed 16-bit little-endian samples. 16-bit samples that become floats and 16
 * bits again are unchanged.
 */

const FULL_SCALE = 0x8000;

/** Converts samples to 16 bits. Each is rounded, and clipped to the range. */
export function floatToS16le(pcm: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    const sample = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round((pcm[i] ?? 0) * FULL_SCALE)));
    bytes[2 * i] = sample;
    bytes[2 * i + 1] = sample >> 8;
  }
  return bytes;
}

/**
 * Converts 16-bit samples to floats. An odd byte at the end is ignored. @param pcm receives the samples; it must be at least as
 * long
 */
export function s16leToFloat(bytes: Uint8Array, pcm = new Float32Array(bytes.length >> 1)): Float32Array {
  for (let i = 0; i < bytes.length >> 1; i++) {
    const unsigned = ((bytes[2 * i + 1] ?? 0) << 8) | (bytes[2 * i] ?? 0);
    pcm[i] = ((unsigned << 16) >> 16) / FULL_SCALE;
  }
  return pcm;
}
