/** Shares one conversation by a link, which people open without an account. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { SHARE_LIMITS } from 'offline-audio-sync-contract';
import type { EditedConversation, Sentence } from '../data/model.ts';
import { codeOf, sentenceOf } from '../domain/sentence.ts';
import { call } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { Check } from './choices.tsx';
import { Dialog } from './dialog.tsx';
import { Glyph } from './icons.tsx';
import { useIsAudible } from './ownPlayback.ts';
import { Shares } from './shares.tsx';

const TIMES = [
  { hours: 24, name: 'a day' },
  { hours: SHARE_LIMITS.defaultHours, name: 'a week' },
  { hours: 30 * 24, name: '30 days' },
  { hours: SHARE_LIMITS.maxHours, name: 'a year' },
] as const;

interface ShareProps {
  readonly conversation: EditedConversation;
  readonly lines: readonly Sentence[];
  readonly onClose: () => void;
}

export function ShareDialog({ conversation: { id }, lines, onClose }: ShareProps) {
  const isAudible = useIsAudible(lines);
  const [problem, setProblem] = useState<unknown>(null);
  const isOff = codeOf(problem) === 'sharing_off';
  return (
    <Dialog labelledBy="share-title" onCancel={onClose}>
      <h2 id="share-title" tabIndex={-1}>
        Share this conversation
      </h2>
      <p>
        Everyone who has the link can read its title and transcript with the speakers, as you corrected them, without an
        account. They get no audio{isAudible && ' unless you say so'}, nothing that is added to it later, and do not see
        who you are.
      </p>
      {isOff ? (
        <p class="notice" role="status">
          Sharing is switched off on this service. Its operator can switch it on (the setting SHARING).
        </p>
      ) : (
        <NewLink id={id} isAudible={isAudible} onProblem={setProblem} />
      )}
      {problem !== null && !isOff && (
        <p class="notice bad" role="alert">
          {sentenceOf(problem)}
        </p>
      )}
      <h3>Links of this conversation</h3>
      <Shares conversationId={id} onProblem={setProblem} />
      <div class="row end">
        <button class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

interface NewLinkProps {
  readonly id: string;
  /** Whether there is audio to share. */
  readonly isAudible: boolean;
  /** Called with null if all went well. */
  readonly onProblem: (error: unknown) => void;
}

function NewLink({ id, isAudible, onProblem }: NewLinkProps) {
  const [withAudio, setWithAudio] = useState(false);
  const [hours, setHours] = useState<number>(SHARE_LIMITS.defaultHours);
  const [busy, setBusy] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const make = async (): Promise<void> => {
    const { token } = await call('shareConversation', { conversation_id: id, hours, with_audio: withAudio });
    setLink(location.origin + hrefs.shared(token));
    onProblem(null);
  };
  return (
    <>
      <form
        class="made-link"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          make()
            .catch(onProblem)
            .finally(() => {
              setBusy(false);
            });
        }}
      >
        <label class="field">
          <span>The link works for</span>
          <select
            value={hours}
            onChange={({ currentTarget }) => {
              setHours(Number(currentTarget.value));
            }}
          >
            {TIMES.map((time) => (
              <option key={time.hours} value={time.hours}>
                {time.name}
              </option>
            ))}
          </select>
        </label>
        <button class="button primary" type="submit" aria-disabled={busy}>
          Make a link
        </button>
        {isAudible && (
          <Check checked={withAudio} onChange={setWithAudio}>
            With its audio
          </Check>
        )}
      </form>
      {withAudio && (
        <p class="hint">
          They hear the original audio, even where you corrected the text, as long as the link works. If they record it
          meanwhile, that cannot be undone.
        </p>
      )}
      {link !== null && <MadeLink key={link} link={link} onProblem={onProblem} />}
    </>
  );
}

function MadeLink({ link, onProblem }: { link: string; onProblem: NewLinkProps['onProblem'] }) {
  const [isCopied, setIsCopied] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
  }, []);
  return (
    <div class="stack tight" role="status">
      <div class="made-link">
        <label class="field">
          <span>Link</span>
          <input
            ref={input}
            readOnly
            dir="ltr"
            value={link}
            onFocus={({ currentTarget }) => {
              currentTarget.select();
            }}
          />
        </label>
        <button
          class="button"
          type="button"
          onClick={() => {
            navigator.clipboard.writeText(link).then(() => {
              setIsCopied(true);
            }, onProblem);
          }}
        >
          <Glyph name={isCopied ? 'check' : 'copy'} size={18} /> {isCopied ? 'Copied' : 'Copy it'}
        </button>
      </div>
      <p class="hint">Copy it now: it is shown only once, because the service stores only a hash of it.</p>
    </div>
  );
}
