import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WsConnectionLifecycleService, WsRevocationService } from '@secure-ws/nestjs';
import type { ChatApp } from '../../sample-app/src/chat-app.js';
import { launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, say, startChat } from '../support/chat.js';

describe('the chat in a browser', () => {
  let browser: Browser;
  let chat: ChatApp;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    chat = await startChat();
    return () => chat.close();
  });

  const visit = async (username: string): Promise<Page> => {
    const visitor = await newVisitor(browser);
    onTestFinished(() => visitor.close());
    return logIn(visitor, chat, username);
  };
  const shown = (page: Page, text: string) => page.locator('#messages').getByText(text, { exact: true });

  it('AN-01 AZ-04 lets two members of a room talk', async () => {
    const [alice, bob] = [await visit('alice'), await visit('bob')];
    await say(alice, 'Hello Bob, this is Alice.');
    await shown(bob, 'Hello Bob, this is Alice.').waitFor();
    await say(bob, 'Hello Alice, this is Bob.');
    await shown(alice, 'Hello Alice, this is Bob.').waitFor();
    expect(await alice.locator('#refusal').isVisible()).toBe(false);
  });

  it('OD-08 shows markup in a message as it was typed', async () => {
    const attack = '<img src=x onerror=alert(document.domain)><script>alert(1)</script>';
    const dialogs: string[] = [];
    const [alice, bob] = [await visit('alice'), await visit('bob')];
    for (const page of [alice, bob]) {
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
    }
    await say(alice, attack);
    for (const page of [alice, bob]) {
      await shown(page, attack).waitFor();
      expect(await page.locator('#messages img, #messages script').count()).toBe(0);
    }
    // What came from the database is shown in the same way as what was pushed.
    await bob.reload();
    await shown(bob, attack).waitFor();
    expect(await bob.locator('#messages img, #messages script').count()).toBe(0);
    expect(dialogs).toEqual([]);
  });

  it('OD-08 shows a little markup in a topic, and none of the hostile kind', async () => {
    const alice = await visit('alice');
    const topic = alice.locator('#room-topic');
    await topic.locator('strong').waitFor();
    expect(await topic.innerHTML()).toBe('Everybody is here. Be <strong>kind</strong>.');
  });

  it('AZ-04 OD-02 refuses a message to a foreign room in plain words, and stores nothing', async () => {
    const [alice, carol] = [await visit('alice'), await visit('carol')];
    await carol.getByRole('link', { name: 'Board' }).click();
    await shown(carol, 'The figures for the third quarter are in.').waitFor();

    await alice.getByRole('link', { name: 'Board' }).click();
    await alice.getByText('This room is private').waitFor();
    await say(alice, 'Let me in!');
    await alice.getByText('Not sent. You are not a member of this room.').waitFor();
    expect(await alice.getByLabel('Your message').inputValue()).toBe('Let me in!');
    expect(await alice.locator('#messages').innerText()).not.toContain('figures');

    // The refusal did not cost the connection, and nothing of it has reached the room.
    await alice.getByRole('link', { name: 'General' }).click();
    await say(alice, 'Back among friends.');
    await shown(alice, 'Back among friends.').waitFor();
    await carol.reload();
    await carol.getByRole('link', { name: 'Board' }).click();
    await shown(carol, 'The figures for the third quarter are in.').waitFor();
    expect(await shown(carol, 'Let me in!').count()).toBe(0);
  });

  it('SL-05 tells somebody who is banned so after a reload, and stops', async () => {
    const carol = await visit('carol');
    const [connection] = chat.app.get(WsConnectionLifecycleService).find({ path: '/chat' }).slice(-1);
    if (connection === undefined) throw new Error('Carol is not connected.');
    await chat.app.get(WsRevocationService).ban(connection.principal.key, new Date(Date.now() + 3_600_000));
    await carol.getByText('You are not admitted here any more.').waitFor();
    await carol.reload();
    await carol.getByText('You are not admitted here any more.', { exact: true }).waitFor();
    expect(await carol.locator('#connection').getAttribute('data-state')).toBe('closed');
    expect(await carol.locator('#connection-countdown').textContent()).toBe('');
  });

  it('SL-04 ends in every tab when its user logs out', async () => {
    const visitor = await newVisitor(browser);
    onTestFinished(() => visitor.close());
    const [first, bob] = [await logIn(visitor, chat, 'alice'), await visit('bob')];
    const second = await visitor.newPage();
    await second.goto(chat.url);
    await second.getByText('Connected', { exact: true }).waitFor();
    await first.getByRole('button', { name: 'Log out', exact: true }).click();
    for (const page of [first, second]) await page.getByLabel('User name').waitFor();
    expect(await bob.getByText('Connected', { exact: true }).isVisible()).toBe(true);
  });
});
