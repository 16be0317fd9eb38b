interface ProgressBarProps {
  readonly label: string;
  /** 0 to 100. */
  readonly percent: number;
  /** What is being done. */
  readonly text: string;
}

export function ProgressBar({ label, percent, text }: ProgressBarProps) {
  return (
    <div
      class="progress-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={`${Math.round(percent)} %, ${text}`}
    >
      <span style={{ transform: `scaleX(${percent / 100})` }} />
    </div>
  );
}
