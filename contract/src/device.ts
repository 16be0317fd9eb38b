/** A device that gets the user's pushes, written by its app: `users/{uid}/devices/{deviceId}`. `Time`: see job.ts. */
import type { Instant } from './time.ts';

export type Platform = 'ios' | 'android' | 'web';

export interface DeviceDoc<Time = Instant> {
  readonly fcmToken: string;
  readonly platform: Platform;
  readonly updatedAt: Time;
}
