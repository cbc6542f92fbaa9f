import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, ConsoleMessage, Frame, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatApp } from '../../sample-app/src/chat-app.js';
import { EVIL_HOST, launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, startChat } from '../support/chat.js';
import { type ForeignSite, startForeignSite } from '../support/foreign-page.js';

/** What a page sees of its attempt to connect. */
type Attempt = 'open' | `closed with ${number}`;

/** Opens the chat's socket as a script of the page would, with a ticket that was stolen from its visitor. */
function attempt(page: Page | Frame, chat: ChatApp, ticket: string): Promise<Attempt> {
  const url = `${chat.url.replace('https:', 'wss:')}/chat`;
  return page.evaluate(
    ([address, stolen]) =>
      new Promise<Attempt>((resolve) => {
        const socket = new WebSocket(address, ['json.v1', `ticket.${stolen}`]);
        socket.addEventListener('open', () => {
          resolve('open');
        });
        socket.addEventListener('close', ({ code }) => {
          resolve(`closed with ${code}`);
        });
      }),
    [url, ticket] as const,
  );
}

/** A ticket of the visitor, as the chat's page gets it. */
function ticketOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const response = await fetch('/api/socket-credential', { method: 'POST' });
    return ((await response.json()) as { value: string }).value;
  });
}

const is403 = (message: ConsoleMessage): boolean => message.text().includes('Unexpected response code: 403');

describe('a page that is not of the chat', () => {
  let browser: Browser;
  let chat: ChatApp;
  let site: ForeignSite;
  let visitor: BrowserContext;
  let chatPage: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    chat = await startChat();
    site = await startForeignSite();
    visitor = await newVisitor(browser);
    // The visitor is logged in: the browser has the session's cookie, and would send it along.
    chatPage = await logIn(visitor, chat, 'alice');
  });
  afterAll(async () => {
    await browser.close();
    await chat.close();
    await site[Symbol.asyncDispose]();
  });

  const expectRefused = async (page: Page, frame: Page | Frame = page): Promise<void> => {
    // The very same attempt succeeds from the chat's own page: only the origin is different.
    expect(await attempt(chatPage, chat, await ticketOf(chatPage))).toBe('open');
    const ticket = await ticketOf(chatPage);
    const [answer] = await Promise.all([
      page.waitForEvent('console', { predicate: is403 }),
      attempt(frame, chat, ticket).then((result) => {
        expect(result).toBe('closed with 1006');
      }),
    ]);
    expect(answer.text()).toContain('403');
    await page.close();
  };

  it('HS-01 is refused from another web site', async () => {
    const page = await visitor.newPage();
    await page.goto(`https://${EVIL_HOST}:${site.port}/`);
    await expectRefused(page);
  });

  it('HS-01 HS-02 HS-19 is refused from another port of the same host, where every cookie is sent', async () => {
    const page = await visitor.newPage();
    await page.goto(`https://localhost:${site.port}/`);
    await expectRefused(page);
  });

  it('HS-03 is refused from a sandboxed frame', async () => {
    const page = await visitor.newPage();
    await page.goto(`https://localhost:${site.port}/`);
    await page.setContent('<iframe sandbox="allow-scripts" srcdoc="<p>framed"></iframe>');
    await page.frameLocator('iframe').getByText('framed').waitFor();
    const frame = page.frames().find((candidate) => candidate !== page.mainFrame());
    if (frame === undefined) throw new Error('The page has lost its frame.');
    await expectRefused(page, frame);
  });

  it('HS-03 is refused from a local file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foreign-page-'));
    try {
      const file = join(folder, 'page.html');
      await writeFile(file, '<!doctype html><p>A file');
      const page = await visitor.newPage();
      await page.goto(pathToFileURL(file).href);
      await expectRefused(page);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
