/** 32 hexadecimal digits. `crypto.randomUUID` is not there where a page comes over plain HTTP, as on a phone beside the local suite. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
