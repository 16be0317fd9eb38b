/** The device id of this browser: letters and digits only, because recordings carry it in their names. */

const KEY = 'device';

export function deviceId(): string {
  const known = localStorage.getItem(KEY);
  if (known !== null) return known;
  const random = crypto.getRandomValues(new Uint8Array(4));
  const made = `web${[...random].map((byte) => (byte % 36).toString(36)).join('')}`;
  localStorage.setItem(KEY, made);
  return made;
}
