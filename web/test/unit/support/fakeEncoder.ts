/** The audio encoder of WebCodecs. The test decides whether it answers. */

interface Callbacks {
  readonly output: (chunk: { readonly byteLength: number; copyTo(target: Uint8Array): void }) => void;
  readonly error: (error: Error) => void;
}

export class FakeEncoder {
  static readonly packetBytes = 40;
  /** If true, it returns no packet, and `flush` never resolves. */
  static isStuck = false;
  static isConfigSupported: () => Promise<{ supported: boolean }>;
  state: 'unconfigured' | 'configured' | 'closed' = 'unconfigured';
  readonly #output: Callbacks['output'];

  constructor({ output }: Callbacks) {
    this.#output = output;
  }

  /** @returns a function that removes it */
  static install(): () => void {
    FakeEncoder.isStuck = false;
    FakeEncoder.isConfigSupported = () => Promise.resolve({ supported: true });
    const AudioData = class {
      close(): void {
        // It has no resources to release.
      }
    };
    Object.assign(globalThis, { AudioEncoder: FakeEncoder, AudioData });
    return () => {
      Reflect.deleteProperty(globalThis, 'AudioEncoder');
      Reflect.deleteProperty(globalThis, 'AudioData');
    };
  }

  configure(): void {
    this.state = 'configured';
  }

  encode(): void {
    if (!FakeEncoder.isStuck) this.#output({ byteLength: FakeEncoder.packetBytes, copyTo: () => undefined });
  }

  flush(): Promise<void> {
    return FakeEncoder.isStuck ? new Promise(() => undefined) : Promise.resolve();
  }

  close(): void {
    if (this.state === 'closed') throw new DOMException('It is closed.', 'InvalidStateError');
    this.state = 'closed';
  }
}
