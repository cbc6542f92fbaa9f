import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ChatApp, createChatApp } from '../../sample-app/src/chat-app.js';
import { launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, say } from '../support/chat.js';
import { deferred } from '../support/deferred.js';

describe('the page of the chat', () => {
  let browser: Browser;
  let chat: ChatApp;
  let directory: string;

  const start = (port: number): Promise<ChatApp> =>
    createChatApp({
      port,
      httpPort: 0,
      database: { directory: join(directory, 'db') },
      stateDirectory: directory,
      logger: false,
    });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chat-'));
    [browser, chat] = await Promise.all([launchBrowser(), start(0)]);
    return async () => {
      await chat.close();
      await rm(directory, { recursive: true });
    };
  }, Infinity);
  afterAll(() => browser.close());

  const visit = async (username: string, address?: string): Promise<Page> => {
    const visitor = await newVisitor(browser);
    onTestFinished(() => visitor.close());
    return logIn(visitor, chat, username, address);
  };
  const heading = (page: Page, name: string): Promise<void> =>
    page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const shown = (page: Page, text: string) => page.locator('#messages').getByText(text, { exact: true });

  it('F48 gives a room an address: Back leads to the list, reload stays, a link can be shared', async () => {
    const alice = await visit('alice');
    await heading(alice, 'General');
    expect(alice.url()).toBe(`${chat.url}/#/rooms/general`);
    await alice.getByRole('link', { name: 'Support' }).click();
    await heading(alice, 'Support');
    await alice.reload();
    await heading(alice, 'Support');

    const second = await alice.context().newPage();
    await second.goto(alice.url());
    await heading(second, 'Support');
    await heading(await visit('bob', '#/rooms/support'), 'Support');

    await alice.goBack();
    await heading(alice, 'General');
    await alice.goBack();
    await heading(alice, 'Choose a room');
    expect(await alice.getByLabel('Your message').isVisible()).toBe(false);
    await alice.goForward();
    await heading(alice, 'General');
    expect(await alice.getByRole('link', { name: 'General' }).getAttribute('aria-current')).toBe('page');
    await alice.goto(`${chat.url}/#/rooms/attic`);
    await heading(alice, 'There is no such room');
  });

  it('F48 shows something before any script has arrived', async () => {
    const visitor = await newVisitor(browser);
    onTestFinished(() => visitor.close());
    const page = await visitor.newPage();
    const arrived = deferred<undefined>();
    const hold = async (route: Route): Promise<void> => {
      await arrived.promise;
      await route.continue();
    };
    for (const late of ['**/js/**', '**/vendor/**', '**/css/log-in.css', '**/css/frame.css', '**/css/room.css'])
      await page.route(late, hold);
    await page.goto(chat.url, { waitUntil: 'commit' });
    await page.getByText('Loading the chat').waitFor();
    // Asked from outside: waitForFunction() asks a second time by eval(), which the policy of the page forbids.
    await expect
      .poll(() => page.evaluate("performance.getEntriesByName('first-contentful-paint').length"), { timeout: 15_000 })
      .toBeGreaterThan(0);
    arrived.resolve(undefined);
    await page.getByLabel('User name').waitFor();
    expect(await page.getByText('Loading the chat').isVisible()).toBe(false);
  });

  it('F48 can be used with the keyboard alone', async () => {
    const [alice, bob] = [await visit('alice'), await visit('bob')];
    await heading(alice, 'General');
    const focused = () => alice.locator(':focus');
    await alice.reload();
    await alice.getByText('Connected', { exact: true }).waitFor();
    // Where Tab begins: at the top of the page, not in the message field that the page has focused.
    await alice.evaluate('document.body.tabIndex = -1, document.body.focus()');
    await alice.keyboard.press('Tab');
    expect(await focused().textContent()).toBe('Skip to the messages');
    expect(await alice.evaluate('document.activeElement.getBoundingClientRect().top')).toBeGreaterThanOrEqual(0);
    await alice.keyboard.press('Enter');
    expect(await focused().getAttribute('aria-label')).toBe('Messages');
    expect(await alice.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');

    const order: (string | null)[] = [];
    while (order.at(-1) !== 'text') {
      await alice.keyboard.press('Tab');
      order.push(await focused().getAttribute('id'));
      if (order.length > 3) throw new Error(`The message field is not near: ${order.join(', ')}.`);
    }
    await alice.keyboard.type('Without a mouse.');
    await alice.keyboard.press('Enter');
    await shown(bob, 'Without a mouse.').waitFor();

    await alice.getByRole('link', { name: 'Board' }).focus();
    await alice.keyboard.press('Enter');
    await alice.getByText('This room is private').waitFor();
    await alice.getByLabel('Your message').focus();
    await alice.keyboard.type('Let me in!');
    await alice.keyboard.press('Enter');
    await alice.locator('#refusal').waitFor();
    await alice.keyboard.press('Escape');
    await alice.locator('#refusal').waitFor({ state: 'hidden' });
  });

  it.each(['light', 'dark'] as const)('F48 fits 320 pixels without scrolling sideways, %s', async (colorScheme) => {
    const visitor = await browser.newContext({
      ignoreHTTPSErrors: true,
      colorScheme,
      viewport: { width: 320, height: 640 },
    });
    onTestFinished(() => visitor.close());
    const login = await visitor.newPage();
    await login.goto(chat.url);
    await login.getByLabel('User name').waitFor();
    const page = await logIn(visitor, chat, 'carol');
    await say(page, `${'A long word: '.repeat(3)}${'x'.repeat(200)}`);
    await page.locator('#messages .pending').waitFor({ state: 'detached' });
    for (const each of [login, page]) expect(await each.evaluate('document.documentElement.scrollWidth')).toBe(320);
    const dark = colorScheme === 'dark';
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      dark ? 'rgb(15, 21, 20)' : 'rgb(244, 246, 245)',
    );
  });

  it('F48 says that a message was never sent, keeps its text, and sends it after a restart of the server', async () => {
    const [alice, bob] = [await visit('alice'), await visit('bob')];
    await heading(alice, 'General');
    const port = Number(new URL(chat.url).port);
    await chat.close();
    await alice.getByText('Reconnecting').waitFor();
    await say(alice, 'Is anybody there?');
    await alice.getByText('Not sent: you are offline. Press Send again once you are connected.').waitFor();
    expect(await alice.getByLabel('Your message').inputValue()).toBe('Is anybody there?');
    expect(await shown(alice, 'Is anybody there?').count()).toBe(0);

    chat = await start(port);
    for (const page of [alice, bob]) {
      await page
        .getByRole('button', { name: 'Connect now' })
        .or(page.getByText('Connected', { exact: true }))
        .first()
        .waitFor();
      await page.getByText('Connected', { exact: true }).waitFor();
    }
    // What it says of being offline goes with the connection that is back; the text waits for Send.
    await alice.locator('#refusal').waitFor({ state: 'hidden' });
    expect(await alice.getByLabel('Your message').inputValue()).toBe('Is anybody there?');
    await alice.getByRole('button', { name: 'Send' }).click();
    await shown(bob, 'Is anybody there?').waitFor();
  });

  it('F48 shows the last message on a narrow screen while it reconnects', async () => {
    const visitor = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 320, height: 480 } });
    onTestFinished(() => visitor.close());
    const page = await logIn(visitor, chat, 'bob');
    for (let count = 1; count <= 6; count += 1) await say(page, `Message ${count} of Bob takes more than one line.`);
    await shown(page, 'Message 6 of Bob takes more than one line.').waitFor();
    await page.locator('#messages .pending').first().waitFor({ state: 'detached' });
    // How far the last message and the composer lie below where they can be seen.
    const hidden = (): Promise<number[]> =>
      page.evaluate(`(() => {
        const bottom = (selector) => [...document.querySelectorAll(selector)].at(-1).getBoundingClientRect().bottom;
        return [bottom('#messages .bubble') - bottom('#scroll'), bottom('#composer') - innerHeight].map((by) => Math.max(0, Math.floor(by)));
      })()`);
    const port = Number(new URL(chat.url).port);
    await chat.close();
    onTestFinished(async () => {
      chat = await start(port);
    });
    await page.getByText('Reconnecting').waitFor();
    await expect.poll(hidden).toEqual([0, 0]);
    await say(page, 'Is anybody there?');
    await page.getByText('Not sent: you are offline.').waitFor();
    await expect.poll(hidden).toEqual([0, 0]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    // Whoever reads further up is not moved.
    await page.evaluate(`new Promise((resolve) => {
      const list = document.getElementById('scroll');
      list.addEventListener('scroll', resolve, { once: true });
      list.scrollTop = 0;
    })`);
    await page.getByLabel('Your message').press('Escape');
    await page.locator('#refusal').waitFor({ state: 'hidden' });
    expect(await page.evaluate("document.getElementById('scroll').scrollTop")).toBe(0);
  });

  it('F48 keeps what was not sent: of each room, and over a reload', async () => {
    const alice = await visit('alice');
    const text = alice.getByLabel('Your message');
    await text.fill('For General.');
    await alice.getByRole('link', { name: 'Support' }).click();
    await heading(alice, 'Support');
    expect(await text.inputValue()).toBe('');
    await text.fill('For Support.');
    await alice.getByRole('link', { name: 'General' }).click();
    await heading(alice, 'General');
    expect(await text.inputValue()).toBe('For General.');
    await alice.reload();
    await heading(alice, 'General');
    expect(await text.inputValue()).toBe('For General.');
    await alice.getByText('Connected', { exact: true }).waitFor();
    await alice.getByRole('button', { name: 'Send' }).click();
    await shown(alice, 'For General.').first().waitFor();
    await alice.reload();
    await heading(alice, 'General');
    expect(await text.inputValue()).toBe('');
    await alice.getByRole('link', { name: 'Support' }).click();
    await heading(alice, 'Support');
    expect(await text.inputValue()).toBe('For Support.');
  });

  it('F48 leaves nothing of the chat in a page whose user has logged out, in no tab', async () => {
    const first = await visit('alice');
    const second = await first.context().newPage();
    await second.goto(chat.url);
    await second.getByText('Connected', { exact: true }).waitFor();
    await say(first, 'A word among friends.');
    for (const page of [first, second]) {
      await shown(page, 'A word among friends.').waitFor();
      await page.getByLabel('Your message').fill('A secret draft');
      expect(await page.evaluate('JSON.stringify(sessionStorage)')).toContain('A secret draft');
    }
    await first.getByRole('button', { name: 'Log out', exact: true }).click();
    for (const page of [first, second]) {
      await page.getByLabel('User name').waitFor();
      const rest = await page.evaluate(
        "[...['messages', 'room-topic', 'room-list', 'me-name'].map((id) => document.getElementById(id).textContent), document.getElementById('text').value, sessionStorage.length]",
      );
      expect(rest).toEqual(['', '', '', '', '', 0]);
    }
  });
});
