import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { closeAfterAll, removeFolder } from '../../../dev/test/closing.ts';
import { wavFile } from '../../../dev/samples/encode.ts';
import { loadSamples } from '../../../dev/samples/samples.ts';
import { floatToS16le, samplePcm } from '../../../functions/bench/sound.ts';
import { untilWhole } from '../browser/support/becomes.ts';
import { launch, untilRecorded, Visitor } from '../browser/support/browser.ts';

/** The sample that the recogniser understands best: two recordings without a gap. */
const train = loadSamples().find(({ scenario }) => scenario === 'train');
/** Silence after the speech, samples at 16 kHz. */
const PAUSE = new Float32Array(2 * 16_000);

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z']+/g) ?? [];

/** How many of the expected words were recognised in order: the length of the longest common subsequence. */
function inOrder(expected: readonly string[], heard: readonly string[]): number {
  let before = Array.from({ length: heard.length + 1 }, () => 0);
  for (const word of expected) {
    const row = [0];
    for (const [i, other] of heard.entries()) {
      const longest = word === other ? (before[i] ?? 0) + 1 : Math.max(before[i + 1] ?? 0, row[i] ?? 0);
      row.push(longest);
    }
    before = row;
  }
  return before.at(-1) ?? 0;
}

describe('A sentence spoken into the console', function () {
  let browser: Browser;
  let visitor: Visitor;

  let directory: string;

  const closing = closeAfterAll();
  before(async () => {
    assert(train);
    directory = closing(mkdtempSync(path.join(os.tmpdir(), 'spoken-')), removeFolder);
    const file = path.join(directory, 'spoken.wav');
    const parts: Float32Array[] = [];
    for (const recording of train.recordings) parts.push(await samplePcm(train, recording));
    writeFileSync(file, wavFile([...parts, PAUSE].map(floatToS16le)));
    // The file is played once, followed by silence.
    browser = closing(await launch(`${file}%noloop`));
    visitor = closing(await Visitor.arrive(browser));
  });

  it('is transcribed without a key, and the console says that nothing leaves this machine', async () => {
    const { page } = visitor;
    assert(train);
    const spokenMs = train.recordings.reduce((sum, { durationMs }) => sum + durationMs, 0);
    await page.getByText('nothing leaves this machine').waitFor();
    await visitor.signUp();
    await visitor.go('Record');
    await page.getByText('The recogniser on this machine transcribes').waitFor();
    await page.getByRole('button', { name: 'Start recording' }).click();
    const seconds = Math.ceil(spokenMs / 1000) + 1;
    await untilRecorded(page, seconds);
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.locator('.file-row').getByText('done, deleted here').waitFor();
    await page.getByRole('link', { name: 'Job of' }).click();
    await page.locator('.links a').first().click();

    const lines = page.locator('.transcript .turn > p:last-child');
    await lines.first().waitFor();
    await untilWhole(page);
    const heard = wordsOf((await lines.allTextContents()).join(' '));
    const spoken = wordsOf(train.words.map(({ text }) => text).join(' '));
    const found = inOrder(spoken, heard);
    console.log(`      ${found} of ${spoken.length} words: ${heard.join(' ')}`);
    assert.ok(found >= 0.8 * spoken.length, `${found} of ${spoken.length} words: ${heard.join(' ')}`);
    await page
      .getByText(/Transcribed by the recogniser of the service itself \(moonshine.*nothing left this machine/)
      .waitFor();
  });
});
