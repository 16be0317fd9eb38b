/** How much of the suites that could go on for ever: `npm test` has minutes, `npm test -- --full` (each night) has as long as it takes. */
export function casesOf({ quick, full }: { readonly quick: number; readonly full: number }): number {
  return process.env['TEST_SIZE'] === 'full' ? full : quick;
}
