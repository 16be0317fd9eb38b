/** The actions for the sentence that is chosen. */
import { useState } from 'preact/hooks';
import { EDIT_LIMITS, NO_LIMIT, namedVoices, type SpeakerScope } from 'offline-audio-sync-contract';
import type { Sentence } from '../data/model.ts';
import { editOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import type { Playback } from '../sync/playback.ts';
import { useApp } from './app.ts';
import { correct } from './correct.ts';
import { useFocusReturn } from './focus.ts';
import { FormDialog, Meanwhile } from './formDialog.tsx';
import { useLive } from './live.ts';
import { PlayFromHere } from './player.tsx';
import { tellProblem } from './toast.tsx';

interface BarProps {
  readonly conversationId: string;
  readonly sentence: Sentence;
  /** Whether the conversation can be split before this sentence. It cannot before the first one. */
  readonly canSplit: boolean;
  /** Null if there is no audio. */
  readonly playback: Playback | null;
}

export function SentenceBar({ conversationId, sentence, canSplit, playback }: BarProps) {
  const [asking, setAsking] = useState<'text' | 'speaker' | null>(null);
  // A split moves the sentence to another conversation, and this bar disappears with it.
  useFocusReturn();
  const close = (): void => {
    setAsking(null);
  };
  return (
    <div class="sentence-bar" role="toolbar" aria-label="The chosen sentence">
      {playback !== null && <PlayFromHere playback={playback} sentence={sentence} />}
      <button
        class="button small"
        onClick={() => {
          setAsking('text');
        }}
      >
        Correct
      </button>
      <button
        class="button small"
        onClick={() => {
          setAsking('speaker');
        }}
      >
        Who speaks?
      </button>
      {canSplit && (
        <button
          class="button small"
          onClick={() => {
            const at = new Date(sentence.startedAt).toISOString();
            correct(conversationId, { kind: 'split', at }, 'A new conversation begins here.').catch(tellProblem);
          }}
        >
          Split here
        </button>
      )}
      {sentence.heard !== null && (
        <small class="hint">
          Transcribed: <bdi>{sentence.heard}</bdi>
        </small>
      )}
      {asking === 'text' && <CorrectText conversationId={conversationId} sentence={sentence} onClose={close} />}
      {asking === 'speaker' && <NameSpeaker conversationId={conversationId} sentence={sentence} onClose={close} />}
    </div>
  );
}

interface DialogProps extends Pick<BarProps, 'conversationId' | 'sentence'> {
  readonly onClose: () => void;
}

/** Recording, time and voice of a sentence, as the service expects them. */
function placeOf({ recordingId, startedAt, endedAt, voice }: Sentence) {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return { recording_id: recordingId, from: iso(startedAt), to: iso(endedAt), voice };
}

function CorrectText({ conversationId, sentence, onClose }: DialogProps) {
  const [text, setText] = useState(sentence.text);
  return (
    <FormDialog
      title="Correct what was said"
      action="Correct"
      isReady={text.trim() !== ''}
      onClose={onClose}
      onSubmit={() =>
        correct(conversationId, { kind: 'text', text: text.trim(), ...placeOf(sentence) }, 'The sentence is corrected.')
      }
    >
      <label class="field">
        <span>What was said</span>
        <textarea
          dir="auto"
          required
          rows={4}
          maxLength={EDIT_LIMITS.maxTextLength}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
          }}
        />
      </label>
      <Meanwhile now={sentence.text} typed={text.trim()} />
      <p class="hint">The original transcript is kept, so this can be undone.</p>
    </FormDialog>
  );
}

const SCOPES: Readonly<Record<SpeakerScope, string>> = {
  conversation: 'This voice in this conversation',
  everywhere: 'This voice in all conversations',
  sentence: 'This sentence only',
};

function NameSpeaker({ conversationId, sentence, onClose }: DialogProps) {
  const { uid } = useApp();
  const [name, setName] = useState(sentence.name ?? '');
  const isKnownVoice = sentence.speaker !== null;
  const [scope, setScope] = useState<SpeakerScope>(isKnownVoice ? 'conversation' : 'sentence');
  const edits = useLive(`named/${uid}`, () => liveQuery(namedVoices(uid, NO_LIMIT), editOf));
  const named = edits.kind === 'ready' ? edits.value.flatMap((edit) => (edit.kind === 'speaker' ? edit.name : [])) : [];
  return (
    <FormDialog
      title="Who speaks?"
      action="Save the name"
      isReady={name.trim() !== ''}
      onClose={onClose}
      onSubmit={() =>
        correct(
          conversationId,
          { kind: 'speaker', name: name.trim(), scope, ...placeOf(sentence) },
          'The speaker has a name.',
        )
      }
    >
      <label class="field">
        <span>Name</span>
        <input
          dir="auto"
          required
          list="known-names"
          maxLength={EDIT_LIMITS.maxNameLength}
          value={name}
          onInput={({ currentTarget }) => {
            setName(currentTarget.value);
          }}
        />
        <datalist id="known-names">
          {[...new Set(named)].map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      <Meanwhile now={sentence.name} typed={name.trim()} />
      <fieldset class="checks">
        <legend class="hint">For</legend>
        {(Object.keys(SCOPES) as SpeakerScope[])
          .filter((one) => isKnownVoice || one === 'sentence')
          .map((one) => (
            <label key={one} class="check">
              <input
                type="radio"
                name="scope"
                checked={scope === one}
                onChange={() => {
                  setScope(one);
                }}
              />
              <span>{SCOPES[one]}</span>
            </label>
          ))}
      </fieldset>
    </FormDialog>
  );
}
