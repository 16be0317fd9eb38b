import type { ComponentChildren } from 'preact';

interface CheckProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ComponentChildren;
}

export function Check({ checked, onChange, children }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={({ currentTarget }) => {
          const wanted = currentTarget.checked;
          currentTarget.checked = checked; // The box shows the stored value: if the change is refused, it stays as it was.
          onChange(wanted);
        }}
      />
      <span>{children}</span>
    </label>
  );
}
