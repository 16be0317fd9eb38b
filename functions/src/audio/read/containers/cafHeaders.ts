/**
 * Repairs the headers of a CAF file whose packets vary in size. The description, the settings of the decoder and the table of
 * packets state the same numbers; the one that becomes right by changing one byte was damaged.
 * https://developer.apple.com/library/archive/documentation/MusicAudio/Reference/CAFSpec/
 */
import { closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { layerFrame } from '../mpegFrames.ts';
import { countPackets, EDITS_BYTES, isReadable, TABLE_HEAD_BYTES } from './cafPackets.ts';
import { chunksOfCaf } from './chunkClaims.ts';
import type { Chunk } from './chunkClaims.ts';
import { openView, readAt } from './fileView.ts';
import { Cell } from './indexCells.ts';
import { isUsualRate } from './pcmFormats.ts';

/** The bytes of the description, and of the settings of ALAC. */
const [DESCRIPTION_BYTES, SETTINGS_BYTES] = [32, 24];

/** Where the settings of ALAC begin if they are in atoms, and where the names of the first atoms stand. */
const ALAC_IN_ATOMS = 24;
const ATOM_NAMES = { at: 4, bytes: Buffer.from('frmaalac', 'latin1') };

/** Settings of ALAC that all encoders write, each a byte: the version, and the parameters of the coding of Rice. */
const USUAL_SETTINGS = [
  { at: 4, value: 0 },
  { at: 6, value: 40 },
  { at: 7, value: 10 },
  { at: 8, value: 14 },
];

/** Where the settings of ALAC state the bits of a sample, and the channels. */
const [BITS_AT, CHANNELS_AT] = [5, 9];
const MAX_CHANNELS = 8;

/** The bits of a sample, by the flags of the description less 1. Some writers set no flags. */
const BITS = [16, 20, 24, 32];
const USUAL_BITS = 16;

/** Repairs the file at `path`, in place. */
export async function mendCaf(path: string): Promise<void> {
  const view = openView(path);
  const file = await open(path, 'r+');
  try {
    const chunks = [...chunksOfCaf(view)];
    const contentOf = async (name: string): Promise<{ chunk: Chunk; bytes: Buffer } | null> => {
      const chunk = chunks.find((each) => each.name === name && isReadable(each));
      return chunk === undefined ? null : { chunk, bytes: await readAt(file, chunk.start, chunk.size) };
    };
    const [description, settings, table] = [await contentOf('desc'), await contentOf('kuki'), await contentOf('pakt')];
    const data = chunks.find(({ name }) => name === 'data');
    if (description === null || table === null || data === undefined) return;
    if (description.bytes.length < DESCRIPTION_BYTES || table.bytes.length < TABLE_HEAD_BYTES) return;
    mendHeaders(description.bytes, settings?.bytes ?? Buffer.alloc(0), table.bytes, data);
    for (const { chunk, bytes } of [description, table, ...(settings === null ? [] : [settings])])
      await file.write(bytes, 0, bytes.length, chunk.start);
  } finally {
    await file.close();
    closeSync(view.fd);
  }
}

function mendHeaders(description: Buffer, settings: Buffer, table: Buffer, data: Chunk): void {
  const coding = description.toString('latin1', 8, 12);
  const alacAt = mendAtoms(settings) ? ALAC_IN_ATOMS : 0;
  const isAlac = coding === 'alac' && settings.length >= alacAt + SETTINGS_BYTES;
  const frame = coding === '.mp3' ? layerFrame(data.content, EDITS_BYTES) : null;
  if (!isAlac && frame === null) return;
  mendCount(table, data.size - EDITS_BYTES);
  const [packets, claimed, ofPacket] = [new Cell(table, 0, true), new Cell(table, 8, true), new Cell(description, 20)];
  description.writeUInt32BE(0, 16); // the size of all packets, which vary
  if (isAlac) {
    mendRate(description, new Cell(settings, alacAt + 20));
    mendAlac(description, settings, alacAt);
    const added = table.readUInt32BE(16) + table.readUInt32BE(20); // before and behind the audio
    const fits = (samples: number): boolean => packets.value * samples === claimed.value + added;
    mendPair(ofPacket, new Cell(settings, alacAt), fits);
  }
  const samples = frame?.samples ?? ofPacket.value;
  // Some writers count 1,152 samples in each packet of MP3, whatever its rate.
  const counted = packets.value * samples;
  const isMiscounted = Number.isSafeInteger(counted) && Math.abs(counted - claimed.value) > 2 * samples;
  if (isMiscounted && (frame !== null || claimed.isNear(counted))) claimed.value = counted;
  ofPacket.value = samples;
}

/** Of two numbers that should be the same, the one that does not fit the rest becomes the other one. */
function mendPair(one: Cell, other: Cell, fits: (value: number) => boolean): void {
  if (!one.isNear(other.value) || fits(one.value) === fits(other.value)) return;
  if (fits(one.value)) other.value = one.value;
  else one.value = other.value;
}

/** Whether the settings are in atoms. A wrong byte in their names is repaired. */
function mendAtoms(settings: Buffer): boolean {
  const { at, bytes } = ATOM_NAMES;
  const names = settings.subarray(at, at + bytes.length);
  const isThere = names.length === bytes.length && names.filter((byte, i) => byte !== bytes[i]).length <= 1;
  if (isThere) bytes.copy(settings, at);
  return isThere;
}

/** Repairs settings of ALAC that do not exist, if no more than one of them is unusual. */
function mendAlac(description: Buffer, settings: Buffer, alacAt: number): void {
  const unusual = USUAL_SETTINGS.filter(({ at, value }) => settings[alacAt + at] !== value);
  for (const { at, value } of unusual.length === 1 ? unusual : []) settings[alacAt + at] = value;
  if (!BITS.includes(settings[alacAt + BITS_AT] ?? 0))
    settings[alacAt + BITS_AT] = BITS[description.readUInt32BE(12) - 1] ?? USUAL_BITS;
  const [stated = 0, channels] = [settings[alacAt + CHANNELS_AT], description.readUInt32BE(24)];
  const isStated = stated > 0 && stated <= MAX_CHANNELS;
  if (!isStated && channels > 0 && channels <= MAX_CHANNELS) settings[alacAt + CHANNELS_AT] = channels;
}

/** The rate in the description and in the settings: one that is unusual was damaged. */
function mendRate(description: Buffer, setting: Cell): void {
  const rate = description.readDoubleBE(0);
  if (isUsualRate(rate) && !isUsualRate(setting.value) && setting.isNear(rate)) setting.value = rate;
  if (!isUsualRate(rate) && isUsualRate(setting.value)) description.writeDoubleBE(setting.value, 0);
}

/** The number of packets, by their sizes. */
function mendCount(table: Buffer, dataBytes: number): void {
  const counted = countPackets(table);
  if (counted?.bytes === dataBytes) new Cell(table, 0, true).value = counted.packets;
}
