import { Glyph } from './icons.tsx';

interface ArrowProps {
  /** Null if there is nothing to go to. */
  readonly to: string | null;
  readonly glyph: 'left' | 'right';
  readonly label: string;
}

/** A link to the previous or the next page. */
export function Arrow({ to, glyph, label }: ArrowProps) {
  if (to === null) {
    return (
      <span class="icon-button" aria-hidden="true" data-disabled>
        <Glyph name={glyph} />
      </span>
    );
  }
  return (
    <a class="icon-button" href={to} aria-label={label} title={label}>
      <Glyph name={glyph} />
    </a>
  );
}
