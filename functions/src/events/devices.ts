/** The devices that get a user's pushes: `users/{uid}/devices/{deviceId}`, written by the apps themselves (see firestore.rules). */
import type { CollectionReference, Firestore, Timestamp } from 'firebase-admin/firestore';
import { devicesPath, userPath } from 'offline-audio-sync-contract';
import type { DeviceDoc } from 'offline-audio-sync-contract';

/** FCM takes 500 tokens in one call. No user has more devices, but the security rules cannot count them. */
const MAX_DEVICES = 500;

export interface DeviceToken {
  readonly deviceId: string;
  readonly token: string;
}

export class DeviceStore {
  readonly #db: Firestore;

  constructor(db: Firestore) {
    this.#db = db;
  }

  /** The user's tokens, those refreshed last first; none if the user wants no pushes (`preferences.notify`). */
  async tokens(uid: string): Promise<DeviceToken[]> {
    const [user, { docs }] = await Promise.all([
      this.#db.doc(userPath(uid)).get(),
      this.#devices(uid).orderBy('updatedAt', 'desc').limit(MAX_DEVICES).get(),
    ]);
    if (user.get('preferences.notify') === false) return [];
    return docs.map((doc) => ({ deviceId: doc.id, token: doc.data().fcmToken }));
  }

  /** Removes a device whose token is dead, unless it has registered a new token meanwhile. Returns whether it did. */
  async remove(uid: string, { deviceId, token }: DeviceToken): Promise<boolean> {
    const ref = this.#devices(uid).doc(deviceId);
    return this.#db.runTransaction(async (tx) => {
      if ((await tx.get(ref)).data()?.fcmToken !== token) return false;
      tx.delete(ref);
      return true;
    });
  }

  #devices(uid: string) {
    return this.#db.collection(devicesPath(uid)) as CollectionReference<DeviceDoc<Timestamp>>;
  }
}
