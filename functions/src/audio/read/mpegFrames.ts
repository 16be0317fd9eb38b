/**
 * The header of a frame of MPEG audio: layers I to III (ISO 11172-3, 13818-3), and AAC in ADTS (ISO 13818-7). A sync word of
 * eleven or twelve bits occurs often by chance, so only several frames in a row are proof.
 */
export interface MpegFrame {
  /** The length of the frame, header included. */
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  /** A number that is the same in all frames of a recording: version, layer or profile, and sampling rate. */
  readonly kind: number;
}

/** Reads the header at an offset; null if no frame begins there. */
export type FrameHeader = (bytes: Uint8Array, at: number) => MpegFrame | null;

/** How frames are found in a file without a container. */
export interface FrameFormat {
  readonly header: FrameHeader;
  /** The first byte of every frame; null if frames begin with different bytes. */
  readonly sync: number | null;
  /** How many frames in a row prove that frames continue behind damage. */
  readonly proof: number;
  /** Bytes of the magic number at the start of the file. Each part that is decoded separately needs it. */
  readonly magicBytes: number;
  /** How many bytes of frames the container claims; absent if there is none. */
  readonly bytes?: number;
  /** What a frame stands for if the decoder gives no samples for it. */
  readonly missing: 'silence' | 'lost';
}

/** Kilobits a second, by the index in the header. 0 is the free format. */
const KBITS = {
  mpeg1: {
    1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  mpeg2: {
    1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
} as const;

/** The sampling rates of MPEG-1. Those of MPEG-2 are half, and those of MPEG-2.5 a quarter of them. */
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** The sampling rates of ADTS, by the index in the header. */
const ADTS_SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

/** Layers I to III. A frame of the free format does not state its length, so only its header is counted. */
export const layerFrame: FrameHeader = (bytes, at) => {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  if (first !== 0xff || second >> 5 !== 0b111) return null;
  const version = (second >> 3) & 0b11; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = 4 - ((second >> 1) & 0b11);
  const baseRate = SAMPLE_RATES[(third >> 2) & 0b11];
  if (version === 1 || baseRate === undefined || (layer !== 1 && layer !== 2 && layer !== 3)) return null;
  const isMpeg1 = version === 3;
  const sampleRate = baseRate / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && !isMpeg1 ? 576 : 1152;
  const kbits = KBITS[isMpeg1 ? 'mpeg1' : 'mpeg2'][layer][third >> 4];
  if (kbits === undefined) return null;
  const slotBytes = layer === 1 ? 4 : 1;
  const slots = Math.floor((samples * 125 * kbits) / sampleRate / slotBytes) + ((third >> 1) & 1);
  const kind = ((second & 0b11110) << 2) | ((third >> 2) & 0b11);
  return { bytes: kbits === 0 ? 4 : slots * slotBytes, samples, sampleRate, kind };
};

export const adtsFrame: FrameHeader = (bytes, at) => {
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0, seventh = 0] = bytes.subarray(at, at + 7);
  const sampleRate = ADTS_SAMPLE_RATES[(third >> 2) & 0b1111];
  if (first !== 0xff || (second & 0b1111_0110) !== 0b1111_0000 || sampleRate === undefined) return null;
  const size = ((fourth & 0b11) << 11) | (fifth << 3) | (sixth >> 5);
  const samples = 1024 * ((seventh & 0b11) + 1);
  return size >= 7 ? { bytes: size, samples, sampleRate, kind: ((second & 0b1000) << 8) | (third >> 2) } : null;
};

const SYNCED = { sync: 0xff, proof: 3, magicBytes: 0, missing: 'lost' } as const;
export const LAYER_FRAMES: FrameFormat = { ...SYNCED, header: layerFrame };
export const ADTS_FRAMES: FrameFormat = { ...SYNCED, header: adtsFrame };
