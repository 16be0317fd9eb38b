import type { Page } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { launch, Visitor } from './support/browser.ts';
import { setText, uidOf } from './support/operator.ts';
import { putConversations, seedJobs, seedTranscript } from './support/seed.ts';

const MINUTE_MS = 60_000;
const ID = 'a'.repeat(20);

describe('A job that has ended', function () {
  let visitor: Visitor;
  let page: Page;
  let uid: string;

  const closing = closeAfterAll();
  before('a user', async () => {
    visitor = closing(await Visitor.arrive(closing(await launch())));
    page = visitor.page;
    uid = await uidOf(await visitor.signUp());
  });

  it('names its conversations as soon as they have titles, including titles that the user gave', async () => {
    const ended = new Date();
    const startedAt = new Date(ended.getTime() - 10 * MINUTE_MS);
    const times = { startedAt, finishedAt: new Date(startedAt.getTime() + MINUTE_MS) };
    await putConversations(uid, [{ id: ID, deviceId: 'pendant', ...times, title: null }]);
    await seedTranscript(uid, { deviceId: 'pendant', startedAt, texts: ['Shall we have lunch?'] });
    await seedJobs(uid, ended, 1, { conversationIds: [ID], newConversationIds: [ID] });
    await visitor.go('Jobs');
    await page.locator('.card-link').click();
    const became = page.locator('.links a');
    await became.getByText('Conversation', { exact: true }).waitFor();
    await page.locator('.links .hint').waitFor(); // The conversation is read, and has no title yet.
    await setText(`users/${uid}/conversations/${ID}`, 'title', 'Lunch with Ada');
    await became.getByText('Lunch with Ada').waitFor();

    await became.click();
    await page.getByText('Change', { exact: true }).click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Title').fill('Tea with Grace');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'Tea with Grace' }).waitFor();
    await page.goBack();
    await became.getByText('Tea with Grace').waitFor();
  });
});
