/** A conversation as a file: Markdown to read, SRT and WebVTT as subtitles of a recording, JSON for programs. */
import type { ExportedConversation } from 'offline-audio-sync-contract';
import type { Conversation, Sentence } from '../data/model.ts';

/** The fields of a sentence that are shown and copied. */
export type Line = Pick<Sentence, 'id' | 'startedAt' | 'endedAt' | 'text' | 'speaker'> &
  Partial<Pick<Sentence, 'name'>>;

/** The speaker's name that the user gave, or else the speaker's number. */
export function speakerName({ speaker, name = null }: Pick<Line, 'speaker' | 'name'>): string {
  return name ?? (speaker === null ? 'Speaker' : `Speaker ${speaker}`);
}

/** Consecutive sentences of one speaker. */
export interface Turn {
  readonly speaker: number | null;
  readonly name: string | null;
  readonly lines: readonly Line[];
}

/** @param pauseMs A longer pause begins a new turn of the same speaker, milliseconds. */
export function turnsOf(lines: readonly Line[], pauseMs = 30_000): Turn[] {
  const turns: { speaker: number | null; name: string | null; lines: Line[] }[] = [];
  for (const line of lines) {
    const turn = turns.at(-1);
    const before = turn?.lines.at(-1);
    const { speaker, name = null } = line;
    const isSame = turn?.speaker === speaker && turn.name === name;
    if (isSame && before !== undefined && line.startedAt - before.endedAt < pauseMs) turn.lines.push(line);
    else turns.push({ speaker, name, lines: [line] });
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
  const body = turnsOf(lines).map((turn) => {
    const { lines: said } = turn;
    // A correction may contain line breaks, after which Markdown would read a heading, a list or code.
    const text = said.map((line) => escapeMarkdown(onOneLine(line.text))).join(' ');
    return `**${escapeMarkdown(onOneLine(speakerName(turn)))}** (${clock(said[0]?.startedAt ?? 0)}): ${text}`;
  });
  return `${[...head, ...body].join('\n\n')}\n`;
}

const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Escapes characters with a meaning in Markdown: spoken text is never formatting. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]|&(?=#?\w+;)/g, '\\$&').replace(/^(\s*|\s*\d+)([-+.)])(?=\s)/gm, '$1\\$2');
}

/** An SRT file. Times count from the start of the conversation. */
export function toSrt(conversation: Conversation, lines: readonly Line[]): string {
  return cuesOf(conversation, lines)
    .map(({ fromMs, toMs, who, text }, index) => {
      const label = who === null ? '' : `${who}: `;
      return `${index + 1}\n${cueTime(fromMs, ',')} --> ${cueTime(toMs, ',')}\n${label}${text}\n`;
    })
    .join('\n');
}

/** A WebVTT file with speakers as voices. Times count from the start of the conversation. */
export function toVtt(conversation: Conversation, lines: readonly Line[]): string {
  const cues = cuesOf(conversation, lines).map(({ fromMs, toMs, who, text }) => {
    const voice = who === null ? '' : `<v ${escapeVtt(who)}>`;
    return `${cueTime(fromMs, '.')} --> ${cueTime(toMs, '.')}\n${voice}${escapeVtt(text)}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

const escapeVtt = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

interface Cue {
  readonly fromMs: number;
  readonly toMs: number;
  readonly who: string | null;
  readonly text: string;
}

function cuesOf(conversation: Conversation, lines: readonly Line[]): Cue[] {
  const origin = lines.reduce((least, { startedAt }) => Math.min(least, startedAt), conversation.startedAt);
  return lines.map((line) => ({
    fromMs: line.startedAt - origin,
    toMs: Math.max(line.endedAt, line.startedAt + 1) - origin,
    who: line.speaker === null && (line.name ?? null) === null ? null : onOneLine(speakerName(line)),
    // An empty line would end the cue.
    text: onOneLine(line.text),
  }));
}

/** `hh:mm:ss,mmm` */
function cueTime(ms: number, point: ',' | '.'): string {
  const whole = Math.round(ms);
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const seconds = Math.floor(whole / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${pad(h, 2)}:${pad(m, 2)}:${pad(s, 2)}${point}${pad(whole % 1000, 3)}`;
}

/** All that an import needs: the transcript and, separately, its corrections. */
export function toJson(exported: ExportedConversation): string {
  return `${JSON.stringify(exported, null, 2)}\n`;
}

/** The text that is copied: one line for each turn, so that it can be pasted anywhere. */
export function toText(lines: readonly Line[]): string {
  return turnsOf(lines)
    .map((turn) => onOneLine(`${speakerName(turn)}: ${turn.lines.map(({ text }) => text).join(' ')}`))
    .join('\n');
}

/** Most bytes of the title in a file name. File systems allow 255 for the whole name. */
const MAX_TITLE_BYTES = 150;

/** For example `2026-07-03-lunch-with-ada`. The title keeps its script; only Latin, Greek and Cyrillic letters lose their accents. */
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

/** The beginning of a text that fits into so many bytes. It is cut between characters as readers see them (grapheme clusters). */
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
