/** Checks what must be true of a user's data after every test. */
import assert from 'node:assert/strict';
import type { Firestore } from 'firebase-admin/firestore';
import { loadSamples } from '../../../dev/samples/samples.ts';
import type { Sample } from '../../../dev/samples/samples.ts';
import { segmentPagesOf } from '../../src/conversations/collections.ts';
import { segmentsIn } from '../../src/conversations/conversation.ts';
import { checkUser } from '../invariants/check.ts';
import { loadUserData } from '../invariants/userData.ts';
import type { TestWorld } from './worker.ts';

const SAMPLES = new Map(loadSamples().map((sample) => [sample.scenario, sample]));

export function sampleOf(scenario: string): Sample {
  const found = SAMPLES.get(scenario);
  if (found === undefined) throw new Error(`There is no sample "${scenario}".`);
  return found;
}

/** All invariants hold for the user's data. */
export async function assertSound(world: Pick<TestWorld, 'db' | 'uid' | 'deps' | 'bucket'>): Promise<void> {
  const data = await loadUserData(world.db, world.bucket(), world.uid);
  const context = { nowMs: world.deps.now(), gapMs: world.deps.scan.conversationGapMs, graceMs: 5 * 60_000 };
  assert.deepEqual(
    checkUser(data, context).map(({ invariant, complaint }) => `${invariant}: ${complaint}`),
    [],
  );
}

/** The user's transcript is every word of the samples, once, in order; nothing else. */
export async function assertTranscript(world: Pick<TestWorld, 'db' | 'uid'>, ...samples: Sample[]): Promise<void> {
  return assertTranscriptOf(world.db, world.uid, ...samples);
}

export async function assertTranscriptOf(db: Firestore, uid: string, ...samples: Sample[]): Promise<void> {
  const { docs } = await segmentPagesOf(db, uid).get();
  const said = samples.flatMap(({ words }) => words).toSorted((a, b) => a.startMs - b.startMs);
  assert.deepEqual(
    segmentsIn(docs.map((doc) => doc.data())).flatMap(({ text }) => text.split(' ')),
    said.flatMap(({ text }) => text.split(' ')),
  );
}
