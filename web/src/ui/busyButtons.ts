/**
 * Makes buttons that are `aria-disabled` ignore clicks, and Enter in their form. Busy buttons use it instead of `disabled`, which would
 * move the focus to the page.
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
