/** Where a user's pushes go to, written by the apps themselves: `users/{uid}/devices/{deviceId}`. `Time`: see job.ts. */
import type { Instant } from './time.ts';

export type Platform = 'ios' | 'android' | 'web';

export interface DeviceDoc<Time = Instant> {
  readonly fcmToken: string;
  readonly platform: Platform;
  readonly updatedAt: Time;
}
