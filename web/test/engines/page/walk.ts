/**
 * Walks through the console as a new user does, and reports each step. The script is added to the page of the console, so that it needs
 * nothing from the browser but the page itself: not every engine can be driven from outside.
 */
import type { Outcome } from './harness.ts';

/** It only ends what hangs, milliseconds. */
const LIMIT_MS = 240_000;

const problems: string[] = [];
addEventListener('error', ({ message }) => problems.push(message));
addEventListener('unhandledrejection', ({ reason }) => problems.push(String(reason)));

/** Resolves with what `find` finds, as soon as it finds something. */
function until<T>(what: string, find: () => T | null | undefined | false): Promise<T> {
  const ends = Date.now() + LIMIT_MS;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = find();
      if (found !== null && found !== undefined && found !== false) resolve(found);
      else if (Date.now() > ends) reject(new Error(`${what} did not appear. The page: ${document.body.innerText}`));
      else setTimeout(look, 50);
    };
    look();
  });
}

function named(selector: string, text: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(selector)].find(({ textContent }) => textContent.trim() === text);
}

const appears = (selector: string, text: string): Promise<HTMLElement> =>
  until(`${selector} "${text}"`, () => named(selector, text));

async function click(selector: string, text: string): Promise<void> {
  (await appears(selector, text)).click();
}

async function type(selector: string, text: string): Promise<void> {
  const field = await until(selector, () => document.querySelector<HTMLInputElement>(selector));
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

const shows = (count: number, selector: string): Promise<boolean> =>
  until(`${count} ${selector}`, () => document.querySelectorAll(selector).length === count);

const CONVERSATIONS = 12;
const STEPS: Readonly<Record<string, () => Promise<unknown>>> = {
  'creates an account': async () => {
    await click('button', 'Create an account');
    await type('input[type=email]', `${crypto.randomUUID()}@example.com`);
    await type('input[type=password]', 'correct horse battery');
    await click('button', 'Create account');
    await appears('h1', 'No conversations yet');
  },
  'sends a sample day, and sees how its job ends': async () => {
    await click('button', 'Send a sample day');
    await appears('h1', 'Jobs');
    await appears('.chip', 'Done');
  },
  'reads the day': async () => {
    await click('nav a', 'Days');
    await shows(CONVERSATIONS, '.conversations a');
    await until('speech on the time axis', () => document.querySelector('.lane-speech path[d^=M]'));
  },
  'reads a conversation, and stars it': async () => {
    (await until('a conversation', () => document.querySelector<HTMLElement>('.conversations a'))).click();
    await until('a sentence', () => document.querySelector('.turn .sentence'));
    await click('button', 'Star');
    await appears('button[aria-pressed=true]', 'Star');
  },
  'finds a sentence in everything that was said': async () => {
    await click('nav a', 'Search');
    await type('input[type=search]', 'carriage');
    await shows(1, '.hits a');
  },
  'opens the other screens': async () => {
    for (const name of ['Record', 'Jobs', 'Usage', 'Settings']) {
      await click('nav a', name);
      await appears('h1', name);
      if (document.documentElement.scrollWidth > innerWidth) throw new Error(`${name} is too wide.`);
    }
  },
  'has met no errors': () => {
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return Promise.resolve();
  },
};

/** The steps depend on each other, so the walk ends with the first that fails. */
async function walk(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [name, step] of Object.entries(STEPS)) {
    try {
      await step();
      outcomes.push({ name, is: 'passed' });
    } catch (error) {
      return [...outcomes, { name, is: 'failed', why: [String(error), ...problems].join('\n') }];
    }
  }
  return outcomes;
}

void walk().then((outcomes) => fetch('/results', { method: 'POST', body: JSON.stringify(outcomes) }));
