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

/** Where the settings of ALAC begin if they are in atoms. */
const ALAC_IN_ATOMS = 24;

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
  const alacAt = settings.toString('latin1', 4, 8) === 'frma' ? ALAC_IN_ATOMS : 0;
  const isAlac = coding === 'alac' && settings.length >= alacAt + SETTINGS_BYTES;
  const frame = coding === '.mp3' ? layerFrame(data.content, EDITS_BYTES) : null;
  if (!isAlac && frame === null) return;
  mendCount(table, data.size - EDITS_BYTES);
  const [packets, claimed, ofPacket] = [new Cell(table, 0, true), new Cell(table, 8, true), new Cell(description, 20)];
  description.writeUInt32BE(0, 16); // the size of all packets, which vary
  if (isAlac) {
    mendRate(description, new Cell(settings, alacAt + 20));
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
