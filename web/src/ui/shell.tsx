import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useApp } from './app.ts';
import { isToSend } from '../domain/recordingText.ts';
import { localSuite } from '../env.ts';
import { hrefs, route, type Route } from '../router.ts';
import type { SignedInUser } from '../session.ts';
import { Glyph, Mark, type IconName } from './icons.tsx';
import { useNotices } from './notices.tsx';
import { useOnline } from './now.ts';

interface Entry {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  readonly screens: readonly Route['screen'][];
}

const ENTRIES: readonly Entry[] = [
  { href: hrefs.home, label: 'Days', icon: 'day', screens: ['home', 'day', 'month', 'conversation'] },
  { href: hrefs.search, label: 'Search', icon: 'search', screens: ['search'] },
  { href: hrefs.record, label: 'Record', icon: 'record', screens: ['record'] },
  { href: hrefs.jobs, label: 'Jobs', icon: 'jobs', screens: ['jobs', 'job'] },
  { href: hrefs.usage, label: 'Usage', icon: 'usage', screens: ['usage'] },
  { href: hrefs.settings, label: 'Settings', icon: 'settings', screens: ['settings'] },
];

const emulatorUi = localSuite?.ui ?? null;

interface ShellProps {
  readonly user: SignedInUser;
  readonly onSignOut: () => Promise<void>;
  readonly children: ComponentChildren;
}

/** Prevents the browser from opening a file in place of the console when it is dropped outside a drop zone. */
function useNoStrayDrops(): void {
  useEffect(() => {
    const keep = (event: DragEvent): void => {
      event.preventDefault();
    };
    addEventListener('dragover', keep);
    addEventListener('drop', keep);
    return () => {
      removeEventListener('dragover', keep);
      removeEventListener('drop', keep);
    };
  }, []);
}

export function Shell({ user, onSignOut, children }: ShellProps) {
  useNoStrayDrops();
  useNotices();
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="rail">
        <a class="brand" href={hrefs.home} aria-label="Offline audio sync: days">
          <Mark size={28} />
          <span>Audio sync</span>
        </a>
        <nav class="rail-nav" aria-label="Console">
          {ENTRIES.map((entry) => (
            <NavLink key={entry.href} {...entry} />
          ))}
        </nav>
        <div class="rail-foot">
          <Recording />
          <Connection />
          {emulatorUi !== null && (
            <a class="rail-link" href={emulatorUi} target="_blank" rel="noreferrer">
              Emulator UI
            </a>
          )}
          <Account user={user} onSignOut={onSignOut} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function NavLink({ href, label, icon, screens }: Entry) {
  const current = screens.includes(route.value.screen);
  return (
    <a class="nav-link" href={href} aria-current={current ? 'page' : undefined}>
      <Glyph name={icon} />
      <span>{label}</span>
      {icon === 'jobs' && <MovingJobs />}
    </a>
  );
}

function MovingJobs() {
  const { underWay } = useApp();
  const moving = underWay.kind === 'ready' ? underWay.value.length : 0;
  if (moving === 0) return null;
  return (
    <span class="badge">
      {moving}
      <span class="visually-hidden"> under way</span>
    </span>
  );
}

/** Shows on every screen that a recording is running, with a link to it. */
function Recording() {
  const { recorder } = useApp();
  if (recorder.state.value.kind !== 'recording') return null;
  const reason = recorder.interruption.value?.reason ?? null;
  return (
    <a class="recording-now" href={hrefs.record}>
      {reason === null && <span class="record-dot" aria-hidden="true" />}
      {reason !== null && <Glyph name={reason === 'paused' ? 'pause' : 'warn'} size={16} />}
      {reason === null ? 'Recording' : reason === 'paused' ? 'Recording paused' : 'Recording interrupted'}
    </a>
  );
}

/** Shows whether there is a network, and what waits for it. */
function Connection() {
  const online = useOnline();
  const { outbox } = useApp();
  const open = outbox.recordings.value.filter(isToSend).length;
  const waiting = open === 0 ? '' : `${open} to send`;
  if (online && open === 0) return null;
  return (
    <p class={online ? 'connection' : 'connection off'} role="status">
      <Glyph name={online ? 'up' : 'offline'} size={16} />
      <span>{[online ? '' : 'Offline', waiting].filter((part) => part !== '').join(' · ')}</span>
    </p>
  );
}

function Account({ user, onSignOut }: { user: SignedInUser; onSignOut: () => Promise<void> }) {
  const [leaving, setLeaving] = useState(false);
  return (
    <div class="account">
      <span class="account-name" title={user.name}>
        {user.name}
      </span>
      <button
        class="icon-button"
        aria-label="Sign out"
        title="Sign out"
        aria-disabled={leaving}
        onClick={() => {
          setLeaving(true);
          void onSignOut().finally(() => {
            setLeaving(false);
          });
        }}
      >
        <Glyph name="out" size={18} />
      </button>
    </div>
  );
}
