import { kept } from './kept.ts';
import type { DayFigures, EditedConversation } from './model.ts';

export interface KeptDay {
  /** `yyyy-mm-dd` */
  readonly day: string;
  /** All conversations of the day, with their user's corrections, in order of time. */
  readonly conversations: readonly EditedConversation[];
  /** Null where they were not added up. */
  readonly figures: DayFigures | null;
}

/** The newest day. */
export const keptDay = kept<KeptDay>('newest-day');
