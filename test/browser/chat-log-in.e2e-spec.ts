import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ChatApp } from '../../sample-app/src/chat-app.js';
import { launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, say, startChat } from '../support/chat.js';
import { deferred } from '../support/deferred.js';

describe('logging in to the chat', () => {
  let browser: Browser;
  let chat: ChatApp;

  beforeAll(async () => {
    [browser, chat] = await Promise.all([launchBrowser(), startChat()]);
  }, Infinity);
  afterAll(async () => {
    await browser.close();
    await chat.close();
  });

  const visitor = async (): Promise<BrowserContext> => {
    const context = await newVisitor(browser);
    onTestFinished(() => context.close());
    return context;
  };
  const connected = (page: Page) => page.getByText('Connected', { exact: true });
  const shown = (page: Page, text: string) => page.locator('#messages').getByText(text, { exact: true });
  const identities = ({ app }: ChatApp) =>
    app
      .get(WsConnectionLifecycleService, { strict: false })
      .find()
      .map(({ id, principal }) => ({ id, kind: principal.kind, expiresAt: principal.expiresAt }));
  const logInAtAccountServer = async (page: Page, name: string): Promise<void> => {
    await page.goto(chat.url);
    await page.getByRole('link', { name: 'Log in with the demo account server' }).click();
    await page.getByRole('heading', { name: 'Demo account server' }).waitFor();
    await page.getByRole('button', { name: `Continue as ${name}` }).click();
  };
  const tryPassword = async (page: Page, password: string): Promise<void> => {
    await page.getByLabel('Password').fill(password);
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/login'));
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await answered;
  };

  it('AN-05 AN-15 a password opens it with a ticket, the account server with its token, and both see the same room', async () => {
    const alice = await logIn(await visitor(), chat, 'alice');
    const bob = await (await visitor()).newPage();
    await logInAtAccountServer(bob, 'Bob');
    await connected(bob).waitFor();
    expect(await bob.locator('#me-name').textContent()).toBe('Bob');
    expect(
      identities(chat)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['oauth', 'ticket']);
    await say(bob, 'from the account server');
    await shown(alice, 'from the account server').waitFor();
    await bob.getByRole('button', { name: 'Log out', exact: true }).click();
    await bob.getByLabel('User name').waitFor();
    await expect.poll(() => identities(chat).map(({ kind }) => kind)).toEqual(['ticket']);
  });

  it('an answer that the account server did not give logs nobody in, and says so', async () => {
    const page = await (await visitor()).newPage();
    await page.goto(`${chat.url}/api/account-server/return?code=x&state=y`);
    await page.getByText('The account server did not log you in. Please try again.').waitFor();
    expect(page.url()).toBe(`${chat.url}/`);
  });

  it('SL-05 is ended everywhere by who asks for it, on every device and in every tab, and nobody else’s', async () => {
    const device = await visitor();
    const [first, phone] = [await logIn(device, chat, 'alice'), await (await visitor()).newPage()];
    await logInAtAccountServer(phone, 'Alice');
    await connected(phone).waitFor();
    const tab = await device.newPage();
    await tab.goto(chat.url);
    await connected(tab).waitFor();
    const carol = await logIn(await visitor(), chat, 'carol');
    await first.getByRole('button', { name: 'Log out everywhere' }).click();
    for (const page of [first, tab, phone]) await page.getByLabel('User name').waitFor();
    for (const page of [tab, phone]) await page.getByText('You were logged out.').waitFor();
    await phone.reload();
    await phone.getByLabel('User name').waitFor();
    expect(await connected(carol).isVisible()).toBe(true);
  });

  it('AN-10 asks for a proof of work after five bad passwords, and lets in who has it and the password', async () => {
    const page = await (await visitor()).newPage();
    await page.goto(chat.url);
    await page.getByLabel('User name').fill('bob');
    for (let i = 0; i < 5; i++) await tryPassword(page, 'wrong');
    await page.getByText('The user name or the password is wrong.').waitFor();
    const seen = deferred<undefined>();
    await page.route('**/api/login', async (route) => {
      if ('solution' in (route.request().postDataJSON() as object)) await seen.promise;
      await route.continue();
    });
    await tryPassword(page, 'demo-bob-2026');
    await page.getByText('Checking that you are no robot…').waitFor();
    seen.resolve(undefined);
    await connected(page).waitFor();
    expect(await page.locator('#me-name').textContent()).toBe('Bob');
  });
});

describe('a connection to the chat', () => {
  it('SL-09 is refreshed in place, without a gap that anybody sees', async () => {
    const [browser, chat] = await Promise.all([launchBrowser(), startChat({ accessMs: 12_000 })]);
    onTestFinished(async () => {
      await browser.close();
      await chat.close();
    });
    const lifecycle = chat.app.get(WsConnectionLifecycleService, { strict: false });
    const byPassword = await logIn(await newVisitor(browser), chat, 'alice');
    const byServer = await (await newVisitor(browser)).newPage();
    await byServer.goto(chat.url);
    await byServer.getByRole('link', { name: 'Log in with the demo account server' }).click();
    await byServer.getByRole('button', { name: 'Continue as Bob' }).click();
    await byServer.getByText('Connected', { exact: true }).waitFor();
    const pages = [byPassword, byServer];
    // Whatever the page says of its connection from now on.
    for (const page of pages) {
      await page.evaluate(`
        window.said = [];
        const text = document.getElementById('connection-text');
        const options = { characterData: true, childList: true, subtree: true };
        new MutationObserver(() => said.push(text.textContent)).observe(text, options);
      `);
    }
    const before = lifecycle.find().map(({ id, principal }) => [id, principal.expiresAt ?? 0] as const);
    expect(before).toHaveLength(2);
    const isRenewed = ([id, expiresAt]: readonly [string, number]): boolean =>
      (lifecycle.find({ connectionId: id })[0]?.principal.expiresAt ?? 0) > expiresAt;
    await expect.poll(() => before.every(isRenewed), { timeout: 20_000 }).toBe(true);
    for (const [index, page] of pages.entries()) {
      await say(page, `still here ${index}`);
      for (const other of pages) await other.locator('#messages').getByText(`still here ${index}`).waitFor();
      expect(await page.evaluate('window.said')).toEqual([]);
    }
  }, 60_000);
});
