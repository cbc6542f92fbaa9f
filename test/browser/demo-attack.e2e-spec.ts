import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ChatApp } from '../../sample-app/src/chat-app.js';
import { readTarget } from '../../sample-app/src/demo/attack/loopback-target.js';
import { runAttack } from '../../sample-app/src/demo/attack/run-attack.js';
import { WAVES } from '../../sample-app/src/demo/attack/waves.js';
import { launchBrowser, newVisitor } from '../support/browser.js';
import { logIn, startChat } from '../support/chat.js';

describe('npm run demo:attack', () => {
  let browser: Browser;
  let chat: ChatApp;

  beforeAll(async () => {
    [browser, chat] = await Promise.all([launchBrowser(), startChat()]);
    return () => chat.close();
  }, Infinity);
  afterAll(() => browser.close());

  it('OD-10 MO-10 makes the operations page move, gets nothing, and locks nobody else out', async () => {
    const visitor = await newVisitor(browser);
    onTestFinished(() => visitor.close());
    const page = await logIn(visitor, chat, 'olga');
    await page.goto(`${chat.url}/operations`);
    await page.locator('#rows button').first().waitFor();

    const stop = new AbortController();
    const lines: string[] = [];
    const seen = await runAttack(await readTarget(chat.url), {
      seconds: 600,
      signal: stop.signal,
      onWave: (line) => lines.push(line) === WAVES.length && stop.abort(),
    });
    expect(lines.map((line) => line.split(':')[0])).toEqual(WAVES.map(({ name }) => name));
    for (const outcome of ['401', '403', '404', '429', '400', 'close 1008']) {
      expect([...seen.keys()]).toContain(outcome);
    }
    for (const reason of ['ws.handshake.refused/unauthenticated', 'ws.handshake.refused/origin-not-allowed']) {
      await page.getByRole('button', { name: `${reason}: show in the chart` }).waitFor();
    }
    await page.getByRole('button', { name: 'ws.message.refused/policy: show in the chart' }).waitFor();
    await page.locator('#limited').getByText('Penalised').first().waitFor();
    await page.locator('#notable').getByText('ws.alert.raised').first().waitFor();
    // The attack comes from addresses of its own.
    const other = await newVisitor(browser);
    onTestFinished(() => other.close());
    await logIn(other, chat, 'carol');
  });
});
