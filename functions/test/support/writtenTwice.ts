import type { Firestore, Transaction } from 'firebase-admin/firestore';

/** A Firestore whose answers to commits are lost: each transaction is written, and then repeated by the SDK. */
export function writtenTwice(db: Firestore): Firestore {
  const runTransaction = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    await db.runTransaction(work);
    return db.runTransaction(work);
  };
  return Object.create(db, { runTransaction: { value: runTransaction } }) as Firestore;
}
