/** Events with typed payloads. */

export type Unsubscribe = () => void;

/** A listener that throws does not disturb the others: its error is emitted as `error`. */
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
        // An error of an `error` listener is dropped: emitting it would never end.
        if (name !== 'error') this.emit('error', error as Events['error']);
      }
    }
  }
}
