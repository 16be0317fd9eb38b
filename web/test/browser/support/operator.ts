/** Requests of the operator of the emulators: the security rules do not apply to this token. */
const OPERATOR = { authorization: 'Bearer owner', 'content-type': 'application/json' };
const PROJECT = process.env['GCLOUD_PROJECT'] ?? '';

export async function uidOf(email: string): Promise<string> {
  const host = process.env['FIREBASE_AUTH_EMULATOR_HOST'] ?? '';
  const response = await fetch(`http://${host}/identitytoolkit.googleapis.com/v1/projects/${PROJECT}/accounts:lookup`, {
    method: 'POST',
    headers: OPERATOR,
    body: JSON.stringify({ email: [email] }),
  });
  const { users } = (await response.json()) as { users?: { localId: string }[] };
  if (users?.[0] === undefined) throw new Error(`There is no user ${email}.`);
  return users[0].localId;
}

export async function deleteAccount(uid: string): Promise<void> {
  const host = process.env['FIREBASE_AUTH_EMULATOR_HOST'] ?? '';
  const url = `http://${host}/identitytoolkit.googleapis.com/v1/projects/${PROJECT}/accounts:delete`;
  const response = await fetch(url, { method: 'POST', headers: OPERATOR, body: JSON.stringify({ localId: uid }) });
  if (!response.ok) throw new Error(`${uid}: ${response.status} ${await response.text()}`);
}

/** Sets one text field of a document, and leaves the others as they are. */
export async function setText(path: string, field: string, text: string): Promise<void> {
  const host = process.env['FIRESTORE_EMULATOR_HOST'] ?? '';
  const url = `http://${host}/v1/projects/${PROJECT}/databases/(default)/documents/${path}?updateMask.fieldPaths=${field}`;
  const body = JSON.stringify({ fields: { [field]: { stringValue: text } } });
  const response = await fetch(url, { method: 'PATCH', headers: OPERATOR, body });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Stores an object in the bucket. */
export async function putObject(name: string, contentType: string, bytes: Buffer): Promise<void> {
  const { storageBucket } = JSON.parse(process.env['FIREBASE_CONFIG'] ?? '{}') as { storageBucket?: string };
  const host = process.env['FIREBASE_STORAGE_EMULATOR_HOST'] ?? '';
  const query = `uploadType=media&name=${encodeURIComponent(name)}`;
  const url = `http://${host}/upload/storage/v1/b/${storageBucket ?? ''}/o?${query}`;
  const headers = { ...OPERATOR, 'content-type': contentType };
  const response = await fetch(url, { method: 'POST', headers, body: Uint8Array.from(bytes) });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
}

/** Number of documents in a collection. */
export async function countDocuments(path: string): Promise<number> {
  const host = process.env['FIRESTORE_EMULATOR_HOST'] ?? '';
  const url = `http://${host}/v1/projects/${PROJECT}/databases/(default)/documents/${path}?pageSize=300`;
  const { documents = [] } = (await (await fetch(url, { headers: OPERATOR })).json()) as { documents?: unknown[] };
  return documents.length;
}

/** Number of documents in one request. */
const BATCH = 500;

/** Writes documents by path. Dates become timestamps. A write that waited too long for a transaction is repeated, as Firestore asks. */
export async function putDocuments(documents: readonly (readonly [path: string, document: object])[]): Promise<void> {
  const host = process.env['FIRESTORE_EMULATOR_HOST'] ?? '';
  const root = `projects/${PROJECT}/databases/(default)/documents`;
  for (let from = 0; from < documents.length;) {
    const writes = documents
      .slice(from, from + BATCH)
      .map(([path, document]) => ({ update: { name: `${root}/${path}`, fields: fieldsOf(document) } }));
    const response = await fetch(`http://${host}/v1/${root}:commit`, {
      method: 'POST',
      headers: OPERATOR,
      body: JSON.stringify({ writes }),
    });
    const text = await response.text();
    if (response.ok) from += BATCH;
    else if (!text.includes('ABORTED')) throw new Error(`${response.status} ${text}`);
  }
}

const fieldsOf = (document: object): object =>
  Object.fromEntries(Object.entries(document).map(([name, value]) => [name, valueOf(value)]));

/** A value in the form of Firestore's REST interface. */
function valueOf(value: unknown): object {
  if (value === null) return { nullValue: null };
  if (value instanceof Date) return { timestampValue: value.toISOString() };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { booleanValue: value };
    case 'number':
      return Number.isInteger(value) ? { integerValue: String(value) } : { doubleValue: value };
    case 'object':
      return { mapValue: { fields: fieldsOf(value) } };
    default:
      throw new TypeError(`Firestore has no ${typeof value}.`);
  }
}
