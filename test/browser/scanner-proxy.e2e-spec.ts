import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { runCommand } from '../../packages/scanner/src/command/run-command.js';
import { EVIL_HOST, launchBrowser } from '../support/browser.js';
import { LOWEST_CONTRAST } from '../support/lowest-contrast.js';

const HOSTILE = `<img src=x onerror="globalThis.owned=1">\u202e\u0000`;

/** The proxy in front of a server that answers with what it got, as a user of the command has it. */
async function startProxy() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const received: string[] = [];
  server.on('connection', (client) =>
    client.on('message', (data: Buffer) => {
      received.push(data.toString());
      client.send(`answer to ${data.toString()}`);
    }),
  );
  const target = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
  const notes: string[] = [];
  let stop: () => void = () => undefined;
  let isUp: () => void = () => undefined;
  const up = new Promise<void>((resolve) => (isUp = resolve));
  const ended = runCommand(['proxy', '--target', target], {
    ...{ env: {}, stdin: new PassThrough(), out: () => undefined, note: (line) => void notes.push(line) },
    untilStopped: () => {
      isUp();
      return new Promise((resolve) => (stop = resolve));
    },
  });
  await up;
  onTestFinished(async () => {
    stop();
    await ended;
    server.close();
  });
  const said = notes.join('\n');
  const open = async (): Promise<WebSocket> => {
    const headers = { authorization: 'Bearer hidden-token-1' };
    const client = new WebSocket(/ws:\/\/localhost:\d+/.exec(said)?.[0] ?? '', { headers });
    onTestFinished(() => client.terminate());
    await once(client, 'open');
    return client;
  };
  return { address: /http:\S+/.exec(said)?.[0] ?? '', received, open, stop: () => stop() };
}

describe('the page of the proxy, in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, Infinity);
  afterAll(() => browser.close());

  /** Opens the page. What a browser complains of (a refused script, an exception) fails the test. */
  const visit = async (address: string, more = {}): Promise<Page> => {
    const visitor = await browser.newContext(more);
    onTestFinished(() => visitor.close());
    const page = await visitor.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    onTestFinished(() => expect(complaints).toEqual([]));
    await page.goto(address);
    await page.getByText('Connected').waitFor();
    return page;
  };

  it('SC-07 shows live what goes through, as text and without credentials', async () => {
    const proxy = await startProxy();
    const page = await visit(proxy.address);
    const client = await proxy.open();
    client.send(`hidden-token-1 ${HOSTILE}`);
    const [answer, sent] = [page.locator('#log .to-client pre').first(), page.locator('#log .to-server pre').first()];
    await answer.waitFor();
    const shown = `[redacted] <img src=x onerror="globalThis.owned=1">\\u202e\\u0000`;
    expect([await sent.textContent(), await answer.textContent()]).toEqual([shown, `answer to ${shown}`]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate('globalThis.owned')).toBeUndefined();
    await page.getByLabel('Show those that contain').fill('answer');
    await expect.poll(() => page.locator('#log .message:visible').count()).toBe(1);
  });

  it('holds, forwards, changes, drops and sends again, by keyboard alone', async () => {
    const proxy = await startProxy();
    const page = await visit(proxy.address);
    const client = await proxy.open();
    // From the top of the page: the direction, the text, the button.
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('order');
    await page.keyboard.press('Enter');
    await page.getByText('Held is every message to the server that contains order.').waitFor();
    for (const text of ['order 1', 'order 2', 'order 3']) client.send(text);
    await page.getByRole('button', { name: 'Forward message 1' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('1 was forwarded.').waitFor();
    await page.getByRole('button', { name: /^Edit message/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('editor-text');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('order 2, changed');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('was changed and forwarded.').waitFor();
    await page.getByRole('button', { name: /^Drop message/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('was dropped.').waitFor();
    await expect.poll(() => page.locator('#held li').count()).toBe(0);
    // The keyboard goes on from where the message was.
    expect(await page.evaluate('document.activeElement.id')).toBe('held-title');
    expect(proxy.received).toEqual(['order 1', 'order 2, changed']);
    await page.getByRole('button', { name: 'Send message 1 again' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.getByLabel('How often').fill('3');
    await page.getByRole('button', { name: 'Send', exact: true }).press('Enter');
    await page.getByText('1 was sent again.').waitFor();
    expect(proxy.received.slice(2)).toEqual(['order 1', 'order 1', 'order 1']);
    await page.getByRole('button', { name: 'Hold nothing more' }).press('Enter');
    await page.getByText('Only what a rule holds is held.').waitFor();
  });

  it.each([EVIL_HOST, 'localhost', '127.0.0.1'])('SC-01 gives nothing to another page, of %s', async (host) => {
    const proxy = await startProxy();
    const site = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>Prize'));
    site.listen(0, '127.0.0.1');
    onTestFinished(() => void site.close());
    await once(site, 'listening');
    const visitor = await browser.newContext();
    onTestFinished(() => visitor.close());
    const page = await visitor.newPage();
    await page.goto(`http://${host}:${(site.address() as AddressInfo).port}/`);
    const outcome = await page.evaluate(`(async () => {
      const address = ${JSON.stringify(proxy.address)};
      const framed = document.createElement('iframe');
      framed.src = address;
      document.body.append(framed);
      await new Promise((resolve) => (framed.onload = resolve));
      const script = await new Promise((resolve) => {
        const tag = document.createElement('script');
        const told = { onload: () => resolve('ran'), onerror: () => resolve('refused') };
        document.head.append(Object.assign(tag, { src: address + 'elements.js', ...told }));
      });
      const socket = await new Promise((resolve) => {
        const opened = new WebSocket(address.replace('http', 'ws') + 'socket');
        opened.onopen = () => resolve('open');
        opened.onerror = () => resolve('refused');
      });
      return { script, socket };
    })()`);
    expect(outcome).toEqual({ script: 'refused', socket: 'refused' });
    expect(await page.frames()[1]?.locator('#target').count()).toBe(0);
  });

  it('SC-01 answers no name of a stranger that resolves to this machine', async () => {
    const proxy = await startProxy();
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const answer = await page.goto(proxy.address.replace('127.0.0.1', EVIL_HOST));
    expect(answer?.status()).toBe(404);
  });

  it('says that the proxy is gone', async () => {
    const proxy = await startProxy();
    const visitor = await browser.newContext();
    onTestFinished(() => visitor.close());
    const page = await visitor.newPage();
    await page.goto(proxy.address);
    await page.getByText('Connected').waitFor();
    proxy.stop();
    await page.getByText('The proxy is gone').waitFor();
    expect(await page.locator('dialog').isVisible()).toBe(false);
  });

  it.each(['light', 'dark'] as const)('can be read, and fits 320 pixels: %s', async (colorScheme) => {
    const proxy = await startProxy();
    const page = await visit(proxy.address, { colorScheme, viewport: { width: 320, height: 640 } });
    const client = await proxy.open();
    client.send(`{"event":"chat","data":"${'x'.repeat(300)}"}`);
    await page.locator('#log .message.to-client').waitFor();
    await page.getByLabel('and contain').fill('order');
    await page.getByRole('button', { name: 'Hold', exact: true }).click();
    await page.getByText('Held is every message that contains order.').waitFor();
    client.send('{"event":"order.place","data":{"symbol":"ACME","quantity":3}}');
    await page.locator('#held button').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    // WCAG 2.2 1.4.3: 4.5 to 1 for text.
    expect(await page.evaluate(LOWEST_CONTRAST)).toBeGreaterThanOrEqual(4.5);
    await page.getByRole('button', { name: /^Edit message/ }).click();
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate(LOWEST_CONTRAST)).toBeGreaterThanOrEqual(4.5);
    expect(await page.evaluate("document.getElementById('editor').getBoundingClientRect().right")).toBeLessThanOrEqual(
      320,
    );
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      colorScheme === 'dark' ? 'rgb(16, 20, 24)' : 'rgb(245, 246, 248)',
    );
  });
});
