/** Firebase Cloud Messaging as a {@link Notifier}. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchResponse, Messaging } from 'firebase-admin/messaging';
import type { Logger } from '../logger.ts';
import type { DeviceStore, DeviceToken } from './devices.ts';
import type { Delivery, JobFinished, Notifier } from './notifier.ts';
import { jobFinishedData } from './payload.ts';

export interface FcmOptions {
  readonly messaging: Pick<Messaging, 'sendEachForMulticast'>;
  readonly devices: Pick<DeviceStore, 'tokens' | 'remove'>;
  readonly logger: Logger;
  /** Time limit of all of it, milliseconds. */
  readonly deadlineMs?: number;
}

/** A worker waits no longer than this for a push, because a push is only a hint. Messages that FCM has by then may still arrive. */
const DEADLINE_MS = 20_000;

const NOTHING: Delivery = { sent: 0, removed: 0 };

export function createFcmNotifier({ messaging, devices, logger, deadlineMs = DEADLINE_MS }: FcmOptions): Notifier {
  const send = async (message: JobFinished): Promise<Delivery> => {
    const { uid, jobId } = message;
    const known = await devices.tokens(uid);
    // Two device documents may hold one token, after a reinstallation for instance: one message is enough.
    const tokens = [...new Set(known.map(({ token }) => token))];
    if (tokens.length === 0) return NOTHING;
    const result = await messaging.sendEachForMulticast({ tokens, ...silent(jobFinishedData(message)) });
    const dead = unregistered(tokens, result);
    const removed = await removeAll(
      devices,
      uid,
      known.filter(({ token }) => dead.has(token)),
    );
    const delivery = { sent: result.successCount, removed };
    const fields = { jobId, stage: 'notify', ...delivery, failures: failureCodes(result) };
    if (result.failureCount > dead.size) logger.warn('push.partly_sent', fields);
    else logger.info('push.sent', fields);
    return delivery;
  };
  return {
    async jobFinished(message) {
      try {
        return await within(deadlineMs, send(message));
      } catch (error) {
        logger.warn('push.failed', { jobId: message.jobId, stage: 'notify', reason: fcmErrorCode(error) });
        return NOTHING;
      }
    },
  };
}

class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** @throws DeadlineExceeded if the work takes longer. The work is not stopped, and its result is dropped. */
async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  const late = sleep(deadlineMs, undefined, { ref: false }).then(() => Promise.reject(new DeadlineExceeded()));
  return Promise.race([work, late]);
}

/** For the Emulator Suite, which has no FCM: logs what would be sent. */
export function createLogNotifier(logger: Logger): Notifier {
  return {
    jobFinished(message: JobFinished): Promise<Delivery> {
      logger.info('push.simulated', { stage: 'notify', ...jobFinishedData(message) });
      return Promise.resolve(NOTHING);
    },
  };
}

/**
 * Wakes the app without showing anything. Apple: background pushes must have priority 5 and no alert
 * (https://developer.apple.com/documentation/usernotifications/pushing-background-updates-to-your-app).
 */
function silent(data: Record<string, string>) {
  return {
    data,
    android: { priority: 'high' as const },
    apns: {
      headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
      payload: { aps: { contentAvailable: true } },
    },
  };
}

/** Only this code means that a token is dead: `invalid-argument` may also mean a bad payload. */
function unregistered(tokens: readonly string[], { responses }: BatchResponse): Set<string> {
  return new Set(
    tokens.filter((_, index) => responses[index]?.error?.code === 'messaging/registration-token-not-registered'),
  );
}

async function removeAll(devices: FcmOptions['devices'], uid: string, dead: readonly DeviceToken[]): Promise<number> {
  const removed = await Promise.all(dead.map((device) => devices.remove(uid, device)));
  return removed.filter(Boolean).length;
}

/** How many messages failed with which code. */
function failureCodes({ responses }: BatchResponse): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of responses) {
    if (error !== undefined) counts[error.code] = (counts[error.code] ?? 0) + 1;
  }
  return counts;
}

/** The message of an error is left out: it can quote a token. */
function fcmErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? String(error.code) : error.name;
}
