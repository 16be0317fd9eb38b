/** Converts bytes from apps and platforms. */

/** The same bytes, copied if they are in shared memory, because other threads may change them. */
export function ownBytes(data: Uint8Array | ArrayBuffer): Uint8Array<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return isOwn(data) ? data : new Uint8Array(data);
}

function isOwn(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/** All bytes of a recording. A Blob of React Native has no `arrayBuffer`, but a Response reads it. */
export async function bytesOf(audio: Blob | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return audio instanceof Uint8Array ? audio : new Uint8Array(await new Response(audio).arrayBuffer());
}
