/** What the user can change about a whole conversation: its title, a star, tags. */
import { useState } from 'preact/hooks';
import { EDIT_LIMITS } from 'offline-audio-sync-contract';
import type { EditedConversation } from '../data/model.ts';
import { hrefs } from '../router.ts';
import { correct } from './correct.ts';
import { FormDialog, Meanwhile } from './formDialog.tsx';
import { Glyph } from './icons.tsx';
import { tellProblem } from './toast.tsx';

export function Star({ conversation: { id, starred } }: { conversation: EditedConversation }) {
  return (
    <button
      class="button"
      aria-pressed={starred}
      onClick={() => {
        correct(id, { kind: 'star', starred: !starred }, starred ? 'The star is removed.' : 'The star is added.').catch(
          tellProblem,
        );
      }}
    >
      <Glyph name={starred ? 'starred' : 'star'} size={18} /> Star
    </button>
  );
}

export function Rename({
  conversation: { id, title },
  onClose,
}: {
  conversation: EditedConversation;
  onClose: () => void;
}) {
  const [text, setText] = useState(title ?? '');
  return (
    <FormDialog
      title="Rename this conversation"
      action="Rename"
      isReady={text.trim() !== ''}
      onClose={onClose}
      onSubmit={() => correct(id, { kind: 'title', title: text.trim() }, 'The title is changed.')}
    >
      <label class="field">
        <span>Title</span>
        <input
          dir="auto"
          required
          maxLength={EDIT_LIMITS.maxTitleLength}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
          }}
        />
      </label>
      <Meanwhile now={title} typed={text.trim()} />
    </FormDialog>
  );
}

export function Tags({ conversation: { id, tags } }: { conversation: EditedConversation }) {
  const [text, setText] = useState('');
  const change = (tag: string, tagged: boolean): Promise<void> =>
    correct(id, { kind: 'tag', tag, tagged }, tagged ? 'The tag is added.' : 'The tag is removed.');
  const add = (tag: string): void => {
    setText('');
    change(tag, true).catch((error: unknown) => {
      // The typed text comes back, so that the user can try again.
      setText((typed) => (typed === '' ? tag : typed));
      tellProblem(error);
    });
  };
  return (
    <form
      class="tags"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') add(text.trim());
      }}
    >
      {tags.map((tag) => (
        <span key={tag} class="tag">
          <a href={hrefs.tagged(tag)}>
            <span class="visually-hidden">All with the tag </span>
            <bdi>{tag}</bdi>
          </a>
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove the tag ${tag}`}
            onClick={() => {
              change(tag, false).catch(tellProblem);
            }}
          >
            <Glyph name="close" size={14} />
          </button>
        </span>
      ))}
      <input
        dir="auto"
        aria-label="Add a tag"
        placeholder="Add a tag"
        maxLength={EDIT_LIMITS.maxTagLength}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
      />
    </form>
  );
}
