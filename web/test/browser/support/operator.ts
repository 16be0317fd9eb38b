/** What only the operator of the emulators may do: the rules let this token pass. */
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

/** Sets one text field of a document, and leaves the others. */
export async function setText(path: string, field: string, text: string): Promise<void> {
  const host = process.env['FIRESTORE_EMULATOR_HOST'] ?? '';
  const url = `http://${host}/v1/projects/${PROJECT}/databases/(default)/documents/${path}?updateMask.fieldPaths=${field}`;
  const body = JSON.stringify({ fields: { [field]: { stringValue: text } } });
  const response = await fetch(url, { method: 'PATCH', headers: OPERATOR, body });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
