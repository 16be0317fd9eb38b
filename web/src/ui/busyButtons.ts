/**
 * A button that is at work is `aria-disabled`: it does nothing when it is pressed, Enter in its form included, and keeps the focus, which a
 * `disabled` one loses to the page.
 */
export function heedBusyButtons(): void {
  addEventListener(
    'click',
    (event) => {
      if (!(event.target instanceof Element) || event.target.closest('[aria-disabled="true"]') === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}
