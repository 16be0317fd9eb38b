/** 32 hex digits. React Native has no crypto without a polyfill; a device makes few ids, so Math.random serves there. */
export function randomId(): string {
  const bytes = new Uint8Array(16);
  const { crypto } = globalThis as Partial<typeof globalThis>;
  if (crypto === undefined) bytes.forEach((_, i) => (bytes[i] = Math.random() * 256));
  else crypto.getRandomValues(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
