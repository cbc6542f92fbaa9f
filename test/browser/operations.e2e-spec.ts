import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import type { ChatApp } from '../../sample-app/src/chat-app.js';
import { launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, startChat } from '../support/chat.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { LOWEST_CONTRAST } from '../support/lowest-contrast.js';
import { operationsApp } from '../support/operations.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** The page is told new figures every two seconds. */
const eventually = <T>(get: () => T) => expect.poll(get, { timeout: 15_000 });

describe('the operations page of the sample', () => {
  let browser: Browser;
  let chat: ChatApp;

  beforeAll(async () => {
    [browser, chat] = await Promise.all([launchBrowser(), startChat()]);
    return () => chat.close();
  }, Infinity);
  afterAll(() => browser.close());

  const visit = async (username: string, more = {}): Promise<Page> => {
    const visitor = await browser.newContext({ ignoreHTTPSErrors: true, ...more });
    onTestFinished(() => visitor.close());
    return logIn(visitor, chat, username);
  };

  /** Opens the page as the operator. What a browser complains of (a refused script, an exception) fails the test. */
  const operate = async (more = {}, expected: readonly unknown[] = []): Promise<Page> => {
    const page = await visit('olga', more);
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    onTestFinished(() => expect(complaints).toEqual(expected));
    await page.goto(`${chat.url}/operations`);
    await page.locator('#state').getByText('Connected', { exact: true }).waitFor();
    await page.locator('#rows button').first().waitFor();
    return page;
  };
  const figure = (page: Page, term: string) =>
    page
      .locator('#figures div')
      .filter({ has: page.getByText(term, { exact: true }) })
      .locator('dd');
  const chatRow = (page: Page) => page.locator('#rows tr').filter({ hasText: '/chat' });

  it('OD-10 is not there without a log-in, nor for somebody without the role', async () => {
    const stranger = await newVisitor(browser);
    onTestFinished(() => stranger.close());
    for (const page of [await stranger.newPage(), await visit('alice')]) {
      const answer = await page.goto(`${chat.url}/operations`);
      expect(answer?.status()).toBe(404);
      expect(await page.content()).toContain('Cannot GET /operations');
    }
  });

  it('MO-10 moves: connections come and go, and refusals by reason show in chart, words and table', async () => {
    const page = await operate();
    const before = Number(await figure(page, 'Connections').textContent());
    const alice = await visit('alice');
    await eventually(() => figure(page, 'Connections').textContent()).toBe(String(before + 1));
    await alice.evaluate(`(async () => {
      for (let i = 0; i < 5; i++) await fetch('/api/socket-credential', { method: 'POST' });
    })()`);
    // Alice may not enter the board's room.
    await alice.goto(`${chat.url}/#/rooms/board`);
    await alice.getByText('This room is private').waitFor();
    const reason = page.getByRole('button', { name: 'ws.message.refused/policy: show in the chart' });
    await reason.waitFor();
    await eventually(() => page.locator('#chart rect').count()).toBeGreaterThan(0);
    expect(await page.locator('#chart-text').textContent()).toMatch(/^All reasons: \d+ refused in the last hour/);
    await reason.click();
    await page.getByText('ws.message.refused/policy: 1 refused in the last hour').waitFor();
    expect(await reason.getAttribute('aria-pressed')).toBe('true');
    await page.getByText('The chart as a table').click();
    expect(await page.locator('#minutes td').allTextContents()).toEqual(['1']);
    await alice.close();
    await eventually(() => figure(page, 'Connections').textContent()).toBe(String(before));
  });

  it('MO-02 disconnects with a reason and a second look, and writes it down', async () => {
    const [page, bob] = [await operate(), await visit('bob')];
    await chatRow(page).first().waitFor();
    await chatRow(page)
      .getByRole('button', { name: /^Disconnect / })
      .first()
      .click();
    await page.getByRole('button', { name: 'Continue' }).click();
    // The browser asks for the reason; nothing was sent.
    expect(await page.locator('#ask').isVisible()).toBe(true);
    await page.getByLabel('Reason, for the audit').fill('Left alone <img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('is closed. It may come back at once.').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.locator('#confirm').getByRole('button', { name: 'Disconnect' }).click();
    await page.getByText('Disconnect one connection: done, one connection closed.').waitFor();
    await page.locator('#notable').getByText('Left alone <img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('#notable img').count()).toBe(0);
    // It was closed, and came back.
    await bob.getByText('Connected', { exact: true }).waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await operate();
    await visit('carol');
    await chatRow(page).first().waitFor();
    const focused = () => page.locator(':focus');
    await page.evaluate('document.body.tabIndex = -1, document.body.focus()');
    await page.keyboard.press('Tab');
    expect(await focused().textContent()).toBe('Skip to the connections');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('connections-title');
    const tabTo = async (is: (label: string) => boolean): Promise<void> => {
      for (let steps = 0; steps < 20; steps++) {
        await page.keyboard.press('Tab');
        if (is((await focused().getAttribute('aria-label')) ?? '')) {
          expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
          return;
        }
      }
      throw new Error('The button is not near.');
    };
    await tabTo((label) => /^Disconnect .* on \/chat$/.test(label));
    // The figures go on, and the focus stays where it is.
    const label = await focused().getAttribute('aria-label');
    const age = await page.locator('#rows td:nth-child(4)').first().textContent();
    await eventually(() => page.locator('#rows td:nth-child(4)').first().textContent()).not.toBe(age);
    expect(await focused().getAttribute('aria-label')).toBe(label);
    await page.keyboard.press('Enter');
    await page.locator('#ask').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#ask').waitFor({ state: 'hidden' });
    await eventually(() => focused().getAttribute('aria-label')).toBe(label);
    await page.keyboard.press('Enter');
    await page.keyboard.type('By keyboard.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#confirm').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Disconnect one connection: done').waitFor();
    // The row is gone, or is that of the next connection: the keyboard goes on from where it was.
    await eventually(() => page.locator(`button[aria-label="${label}"]:focus`).count()).toBe(0);
    expect(await page.evaluate("document.activeElement.closest('section').getAttribute('aria-labelledby')")).toBe(
      'connections-title',
    );
  });

  it('MO-02 keeps the keyboard at the connections when a confirmed action takes its button away', async () => {
    const page = await operate();
    await visit('bob');
    await chatRow(page).first().waitFor();
    const age = () => page.locator('#rows td:nth-child(4)').first().textContent();
    const act = async (button: RegExp, confirm: string): Promise<void> => {
      const begin = page.getByRole('button', { name: button }).first();
      await begin.focus();
      await page.keyboard.press('Enter');
      await page.getByLabel('Reason, for the audit').fill('By keyboard.');
      // The rows are made again below the dialog, with the button that opened it.
      const before = await age();
      await eventually(age).not.toBe(before);
      await page.getByRole('button', { name: 'Continue' }).press('Enter');
      await page.locator('#confirm').getByRole('button', { name: confirm }).press('Enter');
    };
    const section = () => page.evaluate("document.activeElement.closest('section')?.getAttribute('aria-labelledby')");
    await act(/^Ban .* on \/chat$/, 'Ban');
    await page.getByText('Ban somebody: done').waitFor();
    await page.locator('#bans button').waitFor();
    await eventually(section).toBe('connections-title');
    await act(/^End the ban of /, 'End the ban');
    await page.locator('#bans-section').waitFor({ state: 'hidden' });
    await eventually(section).toBe('connections-title');
    expect(await section()).toBe('connections-title');
  });

  it('OD-10 works with a slash at the end of its address', async () => {
    const page = await operate();
    await page.goto(`${chat.url}/operations/`);
    await page.locator('#state').getByText('Connected', { exact: true }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.body).margin')).toBe('0px');
  });

  it('MO-10 gives a line up on which no figures come, and says so', async () => {
    let isDead = false;
    const page = await visit('olga');
    await page.clock.install();
    await page.routeWebSocket(/operations/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        if (!isDead) socket.send(message);
      });
    });
    await page.goto(`${chat.url}/operations`);
    await page.locator('#rows button').first().waitFor();
    isDead = true;
    // Three times the two seconds, and ten more.
    await page.clock.fastForward(20_000);
    await page.getByText(/^Reconnecting in/).waitFor();
    isDead = false;
    await page.clock.fastForward(20_000);
    await page.locator('#state').getByText('Connected', { exact: true }).waitFor();
    expect(await page.locator('#rows button').first().isVisible()).toBe(true);
  });

  it.each(['light', 'dark'] as const)('can be read, and fits 320 pixels: %s', async (colorScheme) => {
    const page = await operate({ colorScheme, viewport: { width: 320, height: 640 } });
    await visit('alice');
    await chatRow(page).first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    await chatRow(page).getByRole('button', { name: /^Ban / }).first().click();
    expect(await page.evaluate("document.getElementById('ask').getBoundingClientRect().right")).toBeLessThanOrEqual(
      320,
    );
    await page.getByRole('button', { name: 'Cancel' }).first().click();
    // As large as the other texts, whatever the width.
    const heights = "[...document.querySelectorAll('#chart text')].map((text) => text.getBoundingClientRect().height)";
    for (const height of await page.evaluate<number[]>(heights)) expect(height).toBeGreaterThan(11);
    // WCAG 2.2 1.4.3: 4.5 to 1 for text.
    expect(await page.evaluate(LOWEST_CONTRAST)).toBeGreaterThanOrEqual(4.5);
    const dark = colorScheme === 'dark';
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      dark ? 'rgb(16, 20, 24)' : 'rgb(245, 246, 248)',
    );
  });

  it('OD-10 ends, and shows nothing any more, when the operator logs out in another tab', async () => {
    // That is what is said of the ticket which it no longer gets.
    const page = await operate({}, [expect.stringContaining('status of 404')]);
    await page.evaluate("fetch('/api/logout', { method: 'POST' })");
    await page.getByText('You may not see this page any more.').waitFor();
    expect(await page.locator('main').isVisible()).toBe(false);
    expect(await page.locator('#rows').textContent()).toBe('');
    // Those of the tests before leave when their browsers' connections have.
    const sockets = chat.app.get(WsConnectionLifecycleService);
    await eventually(() => sockets.find({ path: '/operations/socket' }).length).toBe(0);
  });
});

describe('the operations page of an application whose users may be called anything', () => {
  const MARKUP = '<img/src=x/onerror=globalThis.owned=1>';

  it('OD-08 MO-07 shows operators and users as text, where their ids are shown at all', async () => {
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const handshake = { origins: undefined as never, dangerouslyAllowAnyOrigin: true };
    const app = await startApp(
      operationsApp({ providers: [EchoGateway], options: { handshake } }, { identifiers: 'plain' }),
    );
    await connect(`${app.url}/echo`, { token: app.token({ sub: MARKUP }) });
    const visitor = await browser.newContext({ extraHTTPHeaders: { 'X-User': `${MARKUP} admin` } });
    const page = await visitor.newPage();
    await page.goto(`${app.httpUrl}/operations`);
    const echo = page.locator('#rows tr').filter({ hasText: '/echo' });
    await echo.getByText(MARKUP).waitFor();
    await echo.getByRole('button', { name: /^Ban / }).click();
    await page.getByLabel('Reason, for the audit').fill(MARKUP);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('#confirm-text').getByText(MARKUP).waitFor();
    await page.locator('#confirm').getByRole('button', { name: 'Ban' }).click();
    await page.locator('#bans').getByText(MARKUP).first().waitFor();
    await page.locator('#notable').getByText('ws.operator.acted').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate('globalThis.owned')).toBeUndefined();
  });
});
