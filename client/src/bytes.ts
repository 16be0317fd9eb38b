/** Bytes as they come from apps and platforms. */

/** The same bytes. Those in shared memory are copied, because other threads may change them. */
export function ownBytes(data: Uint8Array | ArrayBuffer): Uint8Array<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return isOwn(data) ? data : new Uint8Array(data);
}

function isOwn(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/** All bytes of what a store is given. A Blob of React Native has no `arrayBuffer`, but a Response reads it. */
export async function bytesOf(audio: Blob | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return audio instanceof Uint8Array ? audio : new Uint8Array(await new Response(audio).arrayBuffer());
}
