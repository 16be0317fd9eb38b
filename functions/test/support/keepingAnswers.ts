/** Provokes the answers of the functions that share, export, import and delete conversations. */
import { Timestamp } from 'firebase-admin/firestore';
import { SHARE_LIMITS, SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import { CAPTURED_AT } from './recordings.ts';
import { bucket, db } from './suite.ts';
import { keepTalk, putTalk, TALK_CHUNK } from './talk.ts';

const [started_at, ended_at] = [600, 900].map((ms) => new Date(CAPTURED_AT * 1000 + ms).toISOString());

/** An exported conversation. */
export const EXPORTED = {
  ...{ device_id: 'omi', started_at, finished_at: ended_at },
  segments: [{ started_at, ended_at, text: 'And goodbye.' }],
};

export interface KeepingCalls {
  readonly uid: string;
  readonly call: (name: string, data: unknown) => Promise<unknown>;
  /** The addresses of functions that do not allow sharing. */
  readonly callWithoutSharing: (name: string, data: unknown) => Promise<unknown>;
  readonly readShared: (headers: Record<string, string>, method?: string) => Promise<unknown>;
  readonly readAudio: (headers: Record<string, string>, audioId: string, method?: string) => Promise<unknown>;
}

/** On the conversation of `putTalk`. */
export async function provokeKeeping(calls: KeepingCalls): Promise<void> {
  const { uid, call, callWithoutSharing, readShared, readAudio } = calls;
  await callWithoutSharing('shareConversation', { conversation_id: 'talk' });
  const made = (await call('shareConversation', { conversation_id: 'talk', hours: 1 })) as {
    result: { token: string; share_id: string };
  };
  for (const conversation_id of ['unknown', 'merged']) await call('shareConversation', { conversation_id });
  await call('shareConversation', {});
  await readShared({ [SHARE_TOKEN_HEADER]: made.result.token });
  await readShared({});
  await readShared({}, 'PUT');
  const opening = await shareAudibleTalk(uid, call);
  await readShared(opening);
  for (const id of [TALK_CHUNK, 'unknown']) await readAudio(opening, id);
  await readAudio({}, TALK_CHUNK);
  await readAudio({}, TALK_CHUNK, 'PUT');
  for (const share_id of [made.result.share_id, '']) await call('withdrawShare', { share_id });
  const writer = db.bulkWriter();
  for (let i = 0; i < SHARE_LIMITS.maxShares; i++) {
    const expiresAt = Timestamp.fromMillis(Date.now() + 3600_000);
    void writer.set(db.collection('shared_conversations').doc(), { uid, expiresAt });
  }
  await writer.close();
  await call('shareConversation', { conversation_id: 'talk' });

  await call('importConversations', { conversations: [EXPORTED] });
  await call('importConversations', { conversations: [] });
  for (const what of ['audio', 'nothing']) await call('deleteEverything', { what });
}

/** Makes a conversation with audio, and a link that plays it. @returns the headers that open it */
export async function shareAudibleTalk(uid: string, call: KeepingCalls['call']): Promise<Record<string, string>> {
  await putTalk(db, uid);
  await keepTalk(db, bucket, uid);
  const made = await call('shareConversation', { conversation_id: 'talk', with_audio: true });
  return { [SHARE_TOKEN_HEADER]: (made as { result: { token: string } }).result.token };
}

/** On the conversation of `putTalk`. */
export async function provokeEdits({ uid, call }: Pick<KeepingCalls, 'uid' | 'call'>): Promise<void> {
  const star = { kind: 'star', starred: true };
  const edit = (conversation_id: string, change: object) => call('editConversation', { conversation_id, edit: change });
  const made = (await edit('talk', star)) as { result: { edit_id: string } };
  for (const edit_id of [made.result.edit_id, 'unknown']) await call('undoEdit', { edit_id });
  await call('undoEdit', {});
  await edit('gone', star);
  await edit('talk', { kind: 'split', at: '2024-01-01T00:00:00.000Z' });
  await edit('talk', { kind: 'merge', with_conversation_id: 'talk' });
  const startedAt = Timestamp.fromMillis(CAPTURED_AT);
  const ofOtherDevice = { deviceId: 'phone', state: 'live', startedAt, finishedAt: startedAt };
  await db.doc(`users/${uid}/conversations/elsewhere`).set(ofOtherDevice);
  await edit('talk', { kind: 'merge', with_conversation_id: 'elsewhere' });
  await edit('talk', { kind: 'unknown' });
}
