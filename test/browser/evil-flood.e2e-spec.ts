import { SecurityEvents } from '@secure-ws/nestjs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatApp } from '../../sample-app/src/chat-app.js';
import { EVIL_HOST, launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, say, startChat } from '../support/chat.js';
import { type ForeignSite, startForeignSite } from '../support/foreign-page.js';

/** Far above what one address may try in ten seconds (20) and fail (5). */
const ATTEMPTS = 400;

/** Opens sockets to the chat until as many as `count` have failed, and gives the codes that the page saw. */
function flood(page: Page, chat: ChatApp, count: number): Promise<number[]> {
  const url = `${chat.url.replace('https:', 'wss:')}/chat`;
  return page.evaluate(
    async ([address, attempts]) => {
      const attempt = (index: number): Promise<number> =>
        new Promise((resolve) => {
          // Guessed tokens, garbage and nothing at all: whatever could count as a failure of this visitor.
          const protocols = [['json.v1', `bearer.guess${index}`], ['secure-ws.v1', 'bearer.a.b.c'], ['json.v1']][
            index % 3
          ];
          const socket = new WebSocket(address, protocols);
          socket.addEventListener('close', ({ code }) => {
            resolve(code);
          });
        });
      const codes: number[] = [];
      // Chromium makes every attempt wait for up to 5 s once many have failed, and refuses the 256th that waits.
      for (let index = 0; index < attempts; index += 200) {
        codes.push(...(await Promise.all(Array.from({ length: 200 }, (_, offset) => attempt(index + offset)))));
      }
      return codes;
    },
    [url, count] as const,
  );
}

describe('an evil page that opens hundreds of sockets in a visitor’s browser', () => {
  let browser: Browser;
  let chat: ChatApp;
  let site: ForeignSite;
  let visitor: BrowserContext;
  let colleague: BrowserContext;

  beforeAll(async () => {
    browser = await launchBrowser();
    chat = await startChat();
    site = await startForeignSite();
    visitor = await newVisitor(browser);
    // Somebody else behind the same NAT: everybody has the same address here.
    colleague = await newVisitor(browser);
  });
  afterAll(async () => {
    await browser.close();
    await chat.close();
    await site[Symbol.asyncDispose]();
  });

  it('HS-20 AN-10 cannot get the visitor, or the office behind the same address, refused', async () => {
    const before = await logIn(visitor, chat, 'alice');
    const evil = await visitor.newPage();
    await evil.goto(`https://${EVIL_HOST}:${site.port}/`);

    const codes = await flood(evil, chat, ATTEMPTS);
    expect(codes).toHaveLength(ATTEMPTS);
    expect(new Set(codes)).toEqual(new Set([1006]));
    // Each one came to the server, which refused it for its Origin and counted nothing against its address.
    const { 'ws.handshake.refused': refused } = chat.app.get(SecurityEvents, { strict: false }).counts;
    expect(refused).toEqual({ total: ATTEMPTS, reasons: { 'origin-not-allowed': ATTEMPTS } });

    // The page that was open still talks, a new one of the visitor connects, and so does a colleague.
    await say(before, 'still here');
    await before.getByText('still here').waitFor();
    await reconnect(visitor, chat);
    const other = await logIn(colleague, chat, 'bob');
    await say(other, 'me too');
    await other.getByText('me too').waitFor();
  });
});

/** Opens the chat once more as somebody who is logged in already. */
async function reconnect(context: BrowserContext, chat: ChatApp): Promise<void> {
  const page = await context.newPage();
  await page.goto(chat.url);
  await page.getByText('Connected', { exact: true }).waitFor();
}
