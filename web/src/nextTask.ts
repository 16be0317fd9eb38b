/** Lets the browser do what else there is, a person's click above all, before it goes on. */
export function nextTask(): Promise<void> {
  return later(0);
}

export function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
