/** What the sandbox does: it decodes one recording, a message at a time. */
import { closeSync } from 'node:fs';
import { AppError } from '../../../errors.ts';
import { toBatch } from './batch.ts';
import { Builds } from './builds.ts';
import { decode } from './decode.ts';
import { UnsupportedCodec } from './decoding.ts';
import { openView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import type { CompiledBuilds } from './libav.ts';
import type { DecodingTask, SandboxMessage } from './sandboxMessages.ts';
import type { Stretch } from './timeline.ts';

export class SandboxedDecoding {
  readonly #file: FileView;
  readonly #notes: string[] = [];
  readonly #compiled: CompiledBuilds;
  readonly #batches: AsyncGenerator<Stretch[], void, undefined>;

  constructor({ path, compiled, ...options }: DecodingTask) {
    this.#file = openView(path);
    this.#compiled = compiled;
    this.#batches = decode(this.#file, new Builds(compiled), { ...options, notes: this.#notes });
  }

  /** The next batch, or how decoding ended. */
  async next(): Promise<SandboxMessage> {
    try {
      const next = await this.#batches.next();
      if (!next.done) return { kind: 'batch', ...toBatch(next.value) };
      return { kind: 'end', notes: this.#notes, compiled: this.#compiled };
    } catch (error) {
      if (error instanceof AppError) return { kind: 'refused', message: error.message };
      if (error instanceof UnsupportedCodec) return { kind: 'unsupported' };
      return { kind: 'corrupt', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#file.fd);
  }
}
