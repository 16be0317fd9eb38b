/** Counts what Firestore bills: documents read and written by this process. */
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { Firestore } from 'firebase-admin/firestore';

export interface OperationCount {
  /** Documents that came back; a query that finds nothing counts as one, as it is billed. */
  reads: number;
  writes: number;
  deletes: number;
}

/** The client's ways out. Not in its types. */
interface Client {
  requestStream(method: string, bidirectional: boolean, request: unknown, tag: string): Promise<Readable>;
  request(method: string, request: { writes?: readonly { delete?: string }[] }, tag: string): Promise<unknown>;
}

/** @returns counts that go up until stopped. */
export function countOperations(): { readonly count: OperationCount; stop(): void } {
  const client = Firestore.prototype as unknown as Client;
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { requestStream, request } = client;
  const count: OperationCount = { reads: 0, writes: 0, deletes: 0 };

  client.requestStream = async function (this: Client, method, ...args) {
    const stream = await requestStream.call(this, method, ...args);
    const counted = new PassThrough({ objectMode: true });
    // One for the request, which the first document is: the client leaves a stream before its end.
    count.reads += 1;
    let documents = 0;
    stream.on('data', ({ document, found, missing }: { document?: unknown; found?: unknown; missing?: unknown }) => {
      if ((document ?? found ?? missing) && documents++ > 0) count.reads += 1;
    });
    stream.on('error', (error) => counted.destroy(error));
    return stream.pipe(counted);
  };
  client.request = function (this: Client, method, body, tag) {
    for (const write of body.writes ?? [])
      count[write.delete === undefined || write.delete === '' ? 'writes' : 'deletes'] += 1;
    return request.call(this, method, body, tag);
  };
  return { count, stop: () => void Object.assign(client, { requestStream, request }) };
}

/** @returns the reads since, by method, and which of them belong to no transaction. */
export function recordReads(): {
  readonly methods: readonly string[];
  readonly outsideTransactions: readonly string[];
  stop(): void;
} {
  const client = Firestore.prototype as unknown as Client;
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { requestStream } = client;
  const methods: string[] = [];
  const outsideTransactions: string[] = [];
  client.requestStream = function (this: Client, method, bidirectional, request, tag) {
    methods.push(method);
    const { transaction, newTransaction } = request as { transaction?: unknown; newTransaction?: unknown };
    if (!transaction && !newTransaction) outsideTransactions.push(method);
    return requestStream.call(this, method, bidirectional, request, tag);
  };
  return { methods, outsideTransactions, stop: () => void Object.assign(client, { requestStream }) };
}

/**
 * What the Web SDK receives for a listener's documents: the REST interface's JSON.
 * @returns a count of bytes that goes up until stopped.
 */
export function countListened(): { readonly bytes: number; stop(): void } {
  const client = Firestore.prototype as unknown as Client;
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { requestStream } = client;
  const counted = { bytes: 0, stop: () => void Object.assign(client, { requestStream }) };
  client.requestStream = async function (this: Client, method, ...args) {
    const stream = await requestStream.call(this, method, ...args);
    if (method !== 'listen') return stream;
    stream.prependListener('data', (response: { documentChange?: { document?: unknown } | null }) => {
      const document = response.documentChange?.document;
      if (document) counted.bytes += Buffer.byteLength(JSON.stringify(document, withoutDerived));
    });
    return stream;
  };
  return counted;
}

/** The client's library adds to each value which of its fields is set, and sets those that are not to null. */
function withoutDerived(key: string, value: unknown): unknown {
  return key === 'valueType' || value === null ? undefined : value;
}
