/** Resolves in a later task, so that the browser can first do other work, such as answering a click. */
export function nextTask(): Promise<void> {
  return later(0);
}

export function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
