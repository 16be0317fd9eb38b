/** The actions that a conversation offers. */
import { useState } from 'preact/hooks';
import { conversationBefore, LIMITS, type ExportedConversation, type StoredEdit } from 'offline-audio-sync-contract';
import type { EditedConversation, Sentence } from '../data/model.ts';
import { fileStem, toJson, toMarkdown, toSrt, toText, toVtt } from '../domain/export.ts';
import { correctionsOf } from '../domain/corrections.ts';
import { beganAt, mergeable } from '../domain/merging.ts';
import { clock, dayOf, dayOfYear, localTime } from '../domain/time.ts';
import { conversationOf } from '../firebase/documents.ts';
import { call, liveQuery } from '../firebase/store.ts';
import { hrefs, navigate } from '../router.ts';
import { useApp } from './app.ts';
import { Confirm } from './confirm.tsx';
import { Rename, Star } from './conversationHead.tsx';
import { correct } from './correct.ts';
import { Corrections } from './corrections.tsx';
import { saveFile } from './download.ts';
import { FormDialog } from './formDialog.tsx';
import { Glyph } from './icons.tsx';
import { useLive, valueOf } from './live.ts';
import { Menu } from './menu.tsx';
import { ShareDialog } from './share.tsx';
import { tell, tellProblem } from './toast.tsx';

const COMMANDS = [
  { name: 'rename', label: 'Rename' },
  { name: 'redate', label: 'Move to another time' },
] as const;

interface ActionsProps {
  readonly conversation: EditedConversation;
  readonly lines: readonly Sentence[] | null;
  readonly isWhole: boolean;
  readonly edits: readonly StoredEdit[];
  /** The whole conversation in the format of an export. */
  readonly exported: () => ExportedConversation;
}

export function ConversationActions({ conversation, lines, isWhole, edits, exported }: ActionsProps) {
  const [asking, setAsking] = useState<'share' | 'corrections' | (typeof COMMANDS)[number]['name'] | null>(null);
  const close = (): void => {
    setAsking(null);
  };
  const names = new Set(lines?.flatMap(({ name }) => name ?? []));
  const corrections = correctionsOf(conversation, edits, names);
  const ready = lines !== null && isWhole;
  return (
    <>
      <Star conversation={conversation} />
      <button
        class="button"
        disabled={!ready}
        onClick={() => {
          navigator.clipboard.writeText(toText(lines ?? [])).then(() => {
            tell('The transcript is on the clipboard.');
          }, tellProblem);
        }}
      >
        <Glyph name="copy" size={18} /> Copy
      </button>
      <ExportMenu conversation={conversation} lines={ready ? lines : null} exported={exported} />
      <button
        class="button"
        onClick={() => {
          setAsking('share');
        }}
      >
        <Glyph name="share" size={18} /> Share
      </button>
      <Menu label="Change">
        {COMMANDS.map(({ name, label }) => (
          <li key={name}>
            <button
              onClick={() => {
                setAsking(name);
              }}
            >
              {label}
            </button>
          </li>
        ))}
        <MergeWithPrevious conversation={conversation} />
        {corrections.length > 0 && (
          <li>
            <button
              onClick={() => {
                setAsking('corrections');
              }}
            >
              Undo corrections
            </button>
          </li>
        )}
      </Menu>
      <DeleteButton conversation={conversation} />
      {asking === 'rename' && <Rename conversation={conversation} onClose={close} />}
      {asking === 'redate' && <Redate conversation={conversation} onClose={close} />}
      {asking === 'corrections' && <Corrections corrections={corrections} onClose={close} />}
      {asking === 'share' && <ShareDialog conversation={conversation} lines={lines ?? []} onClose={close} />}
    </>
  );
}

interface ExportMenuProps extends Pick<ActionsProps, 'conversation' | 'exported'> {
  /** Null until all sentences are read. */
  readonly lines: readonly Sentence[] | null;
}

function ExportMenu({ conversation, lines, exported }: ExportMenuProps) {
  const stem = fileStem(conversation, dayOf(conversation.startedAt));
  const exports = {
    Markdown: () => {
      saveFile(`${stem}.md`, 'text/markdown', toMarkdown(conversation, lines ?? [], { day: dayOfYear, clock }));
    },
    SRT: () => {
      saveFile(`${stem}.srt`, 'application/x-subrip', toSrt(conversation, lines ?? []));
    },
    WebVTT: () => {
      saveFile(`${stem}.vtt`, 'text/vtt', toVtt(conversation, lines ?? []));
    },
    JSON: () => {
      saveFile(`${stem}.json`, 'application/json', toJson(exported()));
    },
  };
  return (
    <Menu
      label={
        <>
          <Glyph name="download" size={18} /> Export
        </>
      }
    >
      {Object.entries(exports).map(([name, save]) => (
        <li key={name}>
          <button disabled={lines === null} onClick={save}>
            {name}
          </button>
        </li>
      ))}
    </Menu>
  );
}

function DeleteButton({ conversation }: { readonly conversation: EditedConversation }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const remove = (): void => {
    setBusy(true);
    call('deleteConversation', { conversation_id: conversation.id }).then(
      () => {
        tell('The conversation is deleted.');
        // The answer may take a while, and the user may have opened another screen by then.
        if (location.pathname === hrefs.conversation(conversation.id))
          navigate(hrefs.day(dayOf(conversation.startedAt)));
      },
      (error: unknown) => {
        setBusy(false);
        tellProblem(error);
      },
    );
  };
  return (
    <>
      <button
        class="button danger quiet"
        aria-disabled={busy}
        onClick={() => {
          setAsking(true);
        }}
      >
        <Glyph name="trash" size={18} /> {busy ? 'Deleting …' : 'Delete'}
      </button>
      {asking && (
        <Confirm
          title="Delete this conversation?"
          action="Delete it"
          onAnswer={(confirmed) => {
            setAsking(false);
            if (confirmed) remove();
          }}
        >
          <p>
            What was said is removed and cannot be restored. Sending the same recordings again does not bring it back.
          </p>
        </Confirm>
      )}
    </>
  );
}

/** Number of earlier conversations among which the previous one of the same device is looked for. */
const NEAR = 50;

/** Merges this conversation with the previous one of its device. */
function MergeWithPrevious({ conversation }: { conversation: EditedConversation }) {
  const { id, startedAt } = conversation;
  const { uid } = useApp();
  const before = useLive(`before/${uid}/${startedAt}`, () =>
    liveQuery({ ...conversationBefore(uid, new Date(startedAt)), limit: NEAR }, conversationOf),
  );
  const found = mergeable(conversation, valueOf(before) ?? []);
  if (found === null) return null;
  return (
    <li>
      <button
        onClick={() => {
          const edit = { kind: 'merge', with_conversation_id: found.id } as const;
          correct(id, edit, 'The conversations are merged.').catch(tellProblem);
        }}
      >
        Merge with the one of {beganAt(found, conversation)}
      </button>
    </li>
  );
}

/** Corrects a wrong clock of a device: its recordings, and the conversations in them, move to another time. */
function Redate({
  conversation: { id, startedAt },
  onClose,
}: {
  conversation: EditedConversation;
  onClose: () => void;
}) {
  const [to, setTo] = useState(startedAt);
  return (
    <FormDialog
      title="When was this said?"
      action="Move it"
      isReady={to !== startedAt}
      onClose={onClose}
      onSubmit={async () => {
        await call('redateRecordings', { conversation_id: id, offset_ms: to - startedAt });
        tell('It moves to its new time.');
        if (location.pathname === hrefs.conversation(id)) navigate(hrefs.day(dayOf(to)));
      }}
    >
      <p>All recordings of this conversation move by the same time, with everything that was said in them.</p>
      <label class="field">
        <span>It began</span>
        <input
          type="datetime-local"
          step={1}
          required
          min={localTime(LIMITS.minCaptureMs)}
          value={localTime(to)}
          onChange={({ currentTarget }) => {
            const at = new Date(currentTarget.value).getTime();
            if (!Number.isNaN(at)) setTo(at);
          }}
        />
      </label>
    </FormDialog>
  );
}
