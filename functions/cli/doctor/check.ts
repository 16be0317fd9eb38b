/** What a check is, and what it can say. */
import type { Google } from './google.ts';
import type { ProjectFiles } from './projectFiles.ts';

export type Verdict =
  | { readonly kind: 'right' }
  /** Uploads, transcription or deployment do not work like this. */
  | { readonly kind: 'wrong'; readonly problem: string; readonly remedy: string }
  /** It works; somebody should know. */
  | { readonly kind: 'note'; readonly problem: string; readonly remedy: string }
  /** The project could not be asked. */
  | { readonly kind: 'unknown'; readonly reason: string };

export const RIGHT: Verdict = { kind: 'right' };
export const wrong = (problem: string, remedy: string): Verdict => ({ kind: 'wrong', problem, remedy });
export const note = (problem: string, remedy: string): Verdict => ({ kind: 'note', problem, remedy });

/** Of files alone: nobody has to be signed in. */
export interface FileCheck {
  readonly name: string;
  readonly of: 'files';
  readonly run: (files: ProjectFiles) => readonly Verdict[];
}

/** Of the project, by Google's REST APIs. */
export interface ProjectCheck {
  readonly name: string;
  readonly of: 'project';
  readonly run: (google: Google, files: ProjectFiles) => Promise<readonly Verdict[]>;
}

export type Check = FileCheck | ProjectCheck;
