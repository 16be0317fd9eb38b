/** Events with typed payloads. */

export type Unsubscribe = () => void;

/** A listener that throws disturbs no other: `error` tells of it. */
export class Emitter<Events extends { readonly error: unknown }> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (payload: Events[Name]) => void)(payload);
      } catch (error) {
        // Not to itself: that would never end.
        if (name !== 'error') this.emit('error', error as Events['error']);
      }
    }
  }
}
