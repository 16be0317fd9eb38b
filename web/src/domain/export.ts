/** A conversation as a file: Markdown to read, SRT to lay under a recording, JSON to work with. */
import type { Conversation } from '../data/model.ts';

/** A segment with the number that its speaker has in this transcript. */
export interface Line {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly text: string;
  /** From 1; null where speakers were not told apart. */
  readonly speaker: number | null;
}

export const speakerName = (speaker: number | null): string => (speaker === null ? 'Speaker' : `Speaker ${speaker}`);

/** Paragraphs of one speaker are one turn. */
export interface Turn {
  readonly speaker: number | null;
  readonly lines: readonly Line[];
}

/** @param pauseMs a longer pause begins a new turn of the same speaker. */
export function turnsOf(lines: readonly Line[], pauseMs = 30_000): Turn[] {
  const turns: { speaker: number | null; lines: Line[] }[] = [];
  for (const line of lines) {
    const turn = turns.at(-1);
    const before = turn?.lines.at(-1);
    if (turn?.speaker === line.speaker && before !== undefined && line.startedAt - before.endedAt < pauseMs) {
      turn.lines.push(line);
    } else {
      turns.push({ speaker: line.speaker, lines: [line] });
    }
  }
  return turns;
}

export interface MarkdownFormats {
  readonly day: (ms: number) => string;
  readonly clock: (ms: number) => string;
}

export function toMarkdown(
  conversation: Conversation,
  lines: readonly Line[],
  { day, clock }: MarkdownFormats,
): string {
  const head = [
    `# ${escapeMarkdown(onOneLine(conversation.title ?? 'Conversation'))}`,
    `${day(conversation.startedAt)}, ${clock(conversation.startedAt)} – ${clock(conversation.finishedAt)} · ${escapeMarkdown(conversation.deviceId)}`,
    ...(conversation.overview === null ? [] : [`> ${escapeMarkdown(conversation.overview).replaceAll('\n', '\n> ')}`]),
  ];
  const body = turnsOf(lines).map(({ speaker, lines: said }) => {
    const text = said.map((line) => escapeMarkdown(line.text)).join(' ');
    return `**${speakerName(speaker)}** (${clock(said[0]?.startedAt ?? 0)}): ${text}`;
  });
  return `${[...head, ...body].join('\n\n')}\n`;
}

const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** What was said is text, never formatting. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, '\\$&').replace(/^(\s*|\s*\d+)([-+.)])(?=\s)/gm, '$1\\$2');
}

/** Times count from the start of the conversation. */
export function toSrt(conversation: Conversation, lines: readonly Line[]): string {
  const origin = lines.reduce((least, { startedAt }) => Math.min(least, startedAt), conversation.startedAt);
  return lines
    .map(({ startedAt, endedAt, text, speaker }, index) => {
      const from = srtTime(startedAt - origin);
      const to = srtTime(Math.max(endedAt, startedAt + 1) - origin);
      const label = speaker === null ? '' : `${speakerName(speaker)}: `;
      // An empty line would end the cue.
      return `${index + 1}\n${from} --> ${to}\n${label}${text.replace(/\s*\n\s*/g, ' ').trim()}\n`;
    })
    .join('\n');
}

/** `hh:mm:ss,mmm` */
function srtTime(ms: number): string {
  const whole = Math.round(ms);
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const seconds = Math.floor(whole / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${pad(h, 2)}:${pad(m, 2)}:${pad(s, 2)},${pad(whole % 1000, 3)}`;
}

/** Names as in the HTTP interface; times in ISO 8601, UTC. */
export function toJson(conversation: Conversation, lines: readonly Line[]): string {
  const time = (ms: number): string => new Date(ms).toISOString();
  const content = {
    conversation_id: conversation.id,
    device_id: conversation.deviceId,
    title: conversation.title,
    overview: conversation.overview,
    language: conversation.language,
    started_at: time(conversation.startedAt),
    finished_at: time(conversation.finishedAt),
    segments: lines.map(({ startedAt, endedAt, speaker, text }) => ({
      started_at: time(startedAt),
      ended_at: time(endedAt),
      speaker,
      text,
    })),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** What is copied: one line a turn, for pasting anywhere. */
export function toText(lines: readonly Line[]): string {
  return turnsOf(lines)
    .map(({ speaker, lines: said }) => `${speakerName(speaker)}: ${said.map(({ text }) => text).join(' ')}`)
    .join('\n');
}

/** Bytes of the title in a file name: systems take 255 for the whole of it. */
const MAX_TITLE_BYTES = 150;

/** `2026-07-03-lunch-with-ada`. The title in its own script: only Latin, Greek and Cyrillic letters lose their accents. */
export function fileStem(conversation: Conversation, day: string): string {
  const title = (conversation.title ?? 'conversation')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-');
  const cut = cutToBytes(title, MAX_TITLE_BYTES).replace(/^-+|-+$/g, '');
  return [day, cut].filter((part) => part !== '').join('-');
}

/** The beginning of a text that has so many bytes, cut between what a reader takes for characters. */
function cutToBytes(text: string, most: number): string {
  const encoder = new TextEncoder();
  let cut = '';
  let bytes = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    bytes += encoder.encode(segment).length;
    if (bytes > most) break;
    cut += segment;
  }
  return cut;
}
