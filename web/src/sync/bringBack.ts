/** Imports what was taken along: the JSON files of a zip, or by themselves. */
import { unzip, type Unzipped } from 'fflate';
import type { ExportedConversation } from 'offline-audio-sync-contract';
import { batchesOf, parseConversation } from '../domain/imports.ts';
import { sentenceOf } from '../domain/sentence.ts';
import { call } from '../firebase/store.ts';
import type { Refusal } from './addEach.ts';

export interface Imported {
  readonly conversations: number;
  readonly newWords: number;
  /** Files that could not be imported, and why. */
  readonly refused: readonly Refusal[];
}

/** Bytes of a zip when it is open: more would not fit into a page. */
const LARGEST_BYTES = 1024 * 1024 * 1024;

/** @throws FirebaseError where the service refuses or does not answer; what was imported until then stays, and nothing comes twice */
export async function importFiles(files: readonly File[], onProgress: (count: number) => void): Promise<Imported> {
  const refused: Refusal[] = [];
  const found: ExportedConversation[] = [];
  for (const file of files) {
    try {
      for (const text of await jsonIn(file)) found.push(parseConversation(text));
    } catch (error) {
      refused.push({ name: file.name, reason: sentenceOf(error) });
    }
  }
  let [conversations, newWords] = [0, 0];
  for (const batch of batchesOf(found)) {
    const answer = await call('importConversations', { conversations: batch });
    conversations += answer.conversations.length;
    newWords += answer.conversations.reduce((sum, { new_words: words }) => sum + words, 0);
    onProgress(conversations);
  }
  return { conversations, newWords, refused };
}

async function jsonIn(file: File): Promise<string[]> {
  if (!/\.zip$/i.test(file.name)) return [await file.text()];
  const bytes = new Uint8Array(await file.arrayBuffer());
  let total = 0;
  const unpacked = await new Promise<Unzipped>((resolve, reject) => {
    const filter = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
      if (!/\.json$/i.test(name)) return false;
      total += originalSize;
      if (total > LARGEST_BYTES) throw new Error('This zip is too large when it is open: import it in parts.');
      return true;
    };
    unzip(bytes, { filter }, (error, entries) => {
      if (error === null) resolve(entries);
      else reject(new Error('This zip is damaged, or it is none.'));
    });
  });
  const decoder = new TextDecoder();
  return Object.values(unpacked).map((content) => decoder.decode(content));
}
