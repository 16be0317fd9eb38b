/** The scripts of the sample recordings: who says what and when, how it is encoded and cut, and which parts are damaged. */

/**
 * Voices of CMU Arctic that come with flite, 16 kHz: those that recognisers understand best. `deep` is `rms`, played slower.
 */
export type Voice = 'slt' | 'rms' | 'deep';

export type Cue =
  | { readonly kind: 'say'; readonly voice: Voice; readonly text: string }
  /** Silence instead of the ordinary gap between two turns. */
  | { readonly kind: 'pause'; readonly seconds: number };

export type Codec = 'opus' | 'opus_fs320' | 'pcm16' | 'pcm8' | 'wav';

export type Damage =
  /** The last frame loses its second half: the device lost power. */
  | { readonly kind: 'tear' }
  /** The bytes of the packet are replaced by noise that is no Opus packet. Its length stays right. */
  | { readonly kind: 'garbage'; readonly at: Spot }
  /** The frame's length prefix is overwritten, so that the frame cannot be told from noise. */
  | { readonly kind: 'badLength'; readonly length: number; readonly at: Spot };

/** The frame in the middle of a word, or in the middle of the silence before it. */
export type Spot = { readonly inside: string } | { readonly before: string };

/** A continuous recording by one encoder. It becomes one file, or several if it is cut. */
export interface Take {
  readonly startedAt: string;
  readonly script: readonly Cue[];
  /** The words in the middle of which a new file begins. */
  readonly cutInside?: readonly string[];
  readonly damage?: readonly Damage[];
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Alphanumeric, as file names carry it. */
  readonly deviceId: string;
  readonly codec: Codec;
  /** Samples a frame at 16 kHz. */
  readonly frameSize: number;
  /** Unit of the time stamp in the file name. */
  readonly timestamp: 'seconds' | 'milliseconds';
  readonly takes: readonly Take[];
  /** The words with which new conversations begin, without the first conversation's. */
  readonly conversationsBeginAt?: readonly string[];
}

const say = (voice: Voice, text: string): Cue => ({ kind: 'say', voice, text });
const pause = (seconds: number): Cue => ({ kind: 'pause', seconds });

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'kitchen',
    about: 'A dialogue in one file: Opus, 10 ms frames.',
    deviceId: 'pendant1',
    codec: 'opus',
    frameSize: 160,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-02T07:15:00Z',
        script: [
          say('slt', 'Good morning. I hope you could sleep after that storm.'),
          say('rms', 'Hardly. The shutters rattled until dawn and the cat hid behind my pillow.'),
          say('slt', 'So sorry to hear that. There is a broken branch behind the house.'),
          say('rms', 'We should repair the greenhouse roof before the next storm arrives.'),
          pause(4),
          say('slt', 'Coffee is ready. Would you like honey or plain sugar?'),
          say('rms', 'Honey, please. After that I will count the windows and order new glass.'),
        ],
      },
    ],
  },
  {
    name: 'workshop',
    about: 'A dialogue in one file: Opus, 20 ms frames.',
    deviceId: 'glasses2',
    codec: 'opus_fs320',
    frameSize: 320,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-02T10:40:00Z',
        script: [
          say('deep', 'Hold this plank steady while I mark the corner with chalk.'),
          say('slt', 'And how long will it take until the table is ready?'),
          say('deep', 'Until Friday, perhaps. Maple would be heavier, and it costs nearly double.'),
          pause(12),
          say('slt', 'The saw sounds strange today. When was it last repaired?'),
          say('deep', 'Last winter, perhaps. Bring me the little hammer from the yellow drawer.'),
        ],
      },
    ],
  },
  {
    name: 'train',
    about: 'One encoder, two files, cut in the middle of the word "journey"; time stamps in milliseconds.',
    deviceId: 'pendant3',
    codec: 'opus',
    frameSize: 160,
    timestamp: 'milliseconds',
    takes: [
      {
        startedAt: '2025-06-03T15:02:07.340Z',
        cutInside: ['journey'],
        script: [
          say('rms', 'Our carriage is almost empty, so choose any seat near the window.'),
          say('slt', 'Look, the river has risen since we were here last month.'),
          say('rms', 'My grandmother took this journey every summer with two enormous suitcases.'),
          say('slt', 'What did she carry inside them?'),
          say('rms', 'Mostly books, candles, and a brass telescope that nobody could focus.'),
        ],
      },
    ],
  },
  {
    name: 'garden',
    about: 'One file with long silences: three conversations, with pauses of 3 to 60 seconds inside them.',
    deviceId: 'pendant4',
    codec: 'opus_fs320',
    frameSize: 320,
    timestamp: 'seconds',
    conversationsBeginAt: ['Remember', 'Evening'],
    takes: [
      {
        startedAt: '2025-06-04T08:00:00Z',
        script: [
          say('deep', 'The tomatoes need shade, otherwise their leaves will turn yellow by noon.'),
          pause(20),
          say('slt', 'I have planted flowers between the rows to keep the birds away.'),
          pause(55),
          say('deep', 'That is a good idea. Let me bring some water from the river.'),
          pause(135),
          say('slt', 'Remember to call the carpenter about our crooked gate.'),
          pause(3.5),
          say('deep', 'He promised to visit on Thursday with spare hinges.'),
          pause(140),
          say('slt', 'Evening already. Shall we pick a few apples for dessert?'),
        ],
      },
    ],
  },
  {
    name: 'walk',
    about: 'One conversation over two recordings with half a minute between them.',
    deviceId: 'pendant5',
    codec: 'opus',
    frameSize: 160,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-05T18:20:00Z',
        script: [
          say('slt', 'Take the narrow path, because the road is closed for painting.'),
          say('rms', 'Fine. I wanted to photograph the old bridge again.'),
        ],
      },
      {
        startedAt: '2025-06-05T18:20:41Z',
        script: [
          say('slt', 'Listen, there is somebody calling from the other side.'),
          say('rms', 'Incredible. My phone cannot capture anything in such darkness.'),
        ],
      },
    ],
  },
  {
    name: 'night',
    about: 'Nothing but the noise of the microphone.',
    deviceId: 'pendant1',
    codec: 'opus',
    frameSize: 160,
    timestamp: 'seconds',
    takes: [{ startedAt: '2025-06-06T01:30:00Z', script: [pause(45)] }],
  },
  {
    name: 'market',
    about: 'The last frame is torn: the device lost power.',
    deviceId: 'glasses6',
    codec: 'opus_fs320',
    frameSize: 320,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-07T09:05:00Z',
        damage: [{ kind: 'tear' }],
        script: [
          say('rms', 'Five ripe apples and a handful of strawberries, please.'),
          say('deep', 'Anything else? Our goat cheese came fresh from the valley.'),
          say('rms', 'Then cut me a generous slice, and wrap it twice.'),
        ],
      },
    ],
  },
  {
    name: 'harbour',
    about:
      'Corrupt frames inside: two packets of noise and two overwritten length prefixes, each in speech and in silence.',
    deviceId: 'pendant7',
    codec: 'opus',
    frameSize: 160,
    timestamp: 'milliseconds',
    takes: [
      {
        startedAt: '2025-06-08T12:11:45.120Z',
        damage: [
          { kind: 'garbage', at: { inside: 'fishermen' } },
          { kind: 'garbage', at: { before: 'Tonight' } },
          { kind: 'badLength', length: 0x7fff_ffff, at: { inside: 'captain' } },
          { kind: 'badLength', length: 0, at: { before: 'Count' } },
        ],
        script: [
          say('deep', 'Seven fishermen repaired their nets along the stone pier.'),
          pause(6),
          say('slt', 'Tonight the captain expects heavy fog.'),
          pause(2),
          say('deep', 'Count the lanterns again, and secure the boats with double rope.'),
        ],
      },
    ],
  },
  {
    name: 'letter',
    about: 'PCM, 16 bits.',
    deviceId: 'phone8',
    codec: 'pcm16',
    frameSize: 160,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-09T20:45:00Z',
        script: [
          say('slt', 'Dear cousin, the piano finally arrived on Monday.'),
          say('slt', 'Three of my friends carried it up the stairs without a single scratch.'),
          pause(3.2),
          say('slt', 'Please come and play for us before the end of summer.'),
        ],
      },
    ],
  },
  {
    name: 'errand',
    about: 'PCM, 8 bits; nearly all its silence is digital, the same frame over and over.',
    deviceId: 'clip9',
    codec: 'pcm8',
    frameSize: 160,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-10T11:25:00Z',
        script: [
          say('rms', 'Remember to buy stamps, mushrooms, and some copper wire.'),
          pause(5),
          say('rms', 'Also ask the librarian whether my atlas was returned.'),
        ],
      },
    ],
  },
  {
    name: 'memo',
    about: 'An ordinary audio file: WAV, 16 kHz, mono.',
    deviceId: 'recorder10',
    codec: 'wav',
    frameSize: 160,
    timestamp: 'seconds',
    takes: [
      {
        startedAt: '2025-06-11T16:50:00Z',
        script: [
          say('deep', 'Note for the architect. The staircase must turn left, not right.'),
          say('deep', 'Move the fireplace closer to the northern window.'),
        ],
      },
    ],
  },
];
