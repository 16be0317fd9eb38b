/** Icons as strokes on a grid of 24. They are decoration, so they are hidden from screen readers. */
import type { ComponentChildren } from 'preact';

function Icon({ children, size = 20 }: { children: ComponentChildren; size?: number | undefined }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

const STAR = 'm12 3.5 2.7 5.6 6.1.8-4.5 4.3 1.1 6.1L12 17.4l-5.4 2.9 1.1-6.1L3.2 9.9l6.1-.8z';

const PATHS = {
  day: 'M3 12h.01M7.5 8.5v7M12 4v16M16.5 7v10M21 11v2',
  record: 'M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11.5a7 7 0 0 0 14 0M12 18.5V22',
  jobs: 'M4 6h16M4 12h10M4 18h13M18.5 12h1.5',
  usage: 'M4 20V11M10 20V4M16 20v-7M21 20H3',
  star: STAR,
  starred: STAR,
  play: 'M8 5v14l11-7z',
  pause: 'M8 5v14M16 5v14',
  share: 'M12 15V4m0 0L8 8m4-4 4 4M5 13v7h14v-7',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  left: 'm14.5 5-7 7 7 7',
  right: 'm9.5 5 7 7-7 7',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4.5 4.5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  download: 'M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M4 20h16',
  trash: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10.5 11v5M13.5 11v5',
  retry: 'M20 12a8 8 0 1 1-2.5-5.8M20 3v4.5h-4.5',
  close: 'm6 6 12 12M18 6 6 18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  check: 'm5 12.5 4.5 4.5L19 7',
  wait: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.5l3 2',
  warn: 'M12 4 2.8 20h18.4zM12 10v4.5M12 17.3h.01',
  offline: 'M3 3l18 18M5 12.5a10 10 0 0 1 4.5-2.7M19 12.5a10 10 0 0 0-3-2.1M8.5 16a5 5 0 0 1 7 0M12 19.5h.01',
  up: 'M12 20V6m0 0-5.5 5.5M12 6l5.5 5.5',
  out: 'M15 4h5v16h-5M10 8l-4 4 4 4M6 12h9',
  file: 'M6 3h8l4.5 4.5V21H6zM14 3v5h4.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Glyph({ name, size }: { name: IconName; size?: number }) {
  return (
    <Icon size={size}>
      <path d={PATHS[name]} fill={name === 'starred' ? 'currentColor' : undefined} />
    </Icon>
  );
}

/** The logo of the console. */
export function Mark({ size }: { size: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="15" class="mark-ground" />
      <path d="M13 32h.01M22 25v14M31 15v34M40 22v20" class="mark-stroke" />
      <path d="M51 29v6" class="mark-stroke mark-faint" />
    </svg>
  );
}
