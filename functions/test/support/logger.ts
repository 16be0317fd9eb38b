/** A logger that remembers. */
import type { LogEvent } from '../../src/logEvents.ts';
import type { Logger } from '../../src/logger.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: LogEvent;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RecordingLogger extends Logger {
  readonly entries: readonly LogEntry[];
}

export function recordingLogger(): RecordingLogger {
  const entries: LogEntry[] = [];
  const write =
    (level: LogEntry['level']) =>
    (event: LogEvent, fields: Readonly<Record<string, unknown>> = {}) => {
      entries.push({ level, event, fields });
    };
  return { entries, info: write('info'), warn: write('warn'), error: write('error') };
}
