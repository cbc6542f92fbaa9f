import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Readable } from 'node:stream';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { runCommand } from '../../packages/scanner/src/command/run-command.js';
import { launchBrowser } from '../support/browser.js';

/** What the scanned server sends to whoever reads a report about it. */
const HOSTILE = `<img src=x onerror=alert(1)></code></table><script>alert(2)</script>]]>&lt;"' at /usr/src/app/a.js:1:2\u0000\ufffe\u202e`;

describe('reports of the scanner, in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder = '';
  const urlOf = (name: string): string => pathToFileURL(join(folder, name)).href;

  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), 'scan-'));
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (client) =>
      client.on('error', () => client.terminate()).on('message', () => client.send(HOSTILE)),
    );
    const outputs = ['r.html', 'r.xml'].flatMap((name) => ['--output', join(folder, name)]);
    const target = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const silent = (): void => undefined;
    await runCommand([target, '--rate', '100', '--wait', '50', ...outputs], {
      ...{ env: {}, stdin: Readable.from([]), out: silent, note: silent, untilStopped: () => Promise.resolve() },
    });
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, 'close');
    await runCommand([target, '--output', join(folder, 'unreachable.xml')], {
      ...{ env: {}, stdin: Readable.from([]), out: silent, note: silent, untilStopped: () => Promise.resolve() },
    });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('SC-03 SC-07 the HTML one shows what a hostile server sent as text, loads nothing, and fits a narrow screen', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const visitor = await browser.newContext({ colorScheme, viewport: { width: 320, height: 640 } });
      const page = await visitor.newPage();
      const complaints: string[] = [];
      const requested: string[] = [];
      page.on('dialog', (dialog) => complaints.push(dialog.message()));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('request', (request) => requested.push(request.url()));
      await page.goto(urlOf('r.html'));
      expect(await page.locator('h3').allInnerTexts()).toContain('critical Pages of any web site may connect');
      expect(await page.locator('td', { hasText: '<img src=x onerror=alert(1)>' }).count()).toBeGreaterThan(0);
      expect(await page.locator('script, img, iframe, link, a').count()).toBe(0);
      expect(await page.locator('.grade').innerText()).toMatch(/F$/);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
      expect({ complaints, requested }).toEqual({ complaints: [], requested: [urlOf('r.html')] });
      await visitor.close();
    }
  });

  it('SC-03 SC-04 the JUnit one is XML, with a case for each check; what was not tested is skipped', async () => {
    const page = await browser.newPage();
    await page.goto(urlOf('r.xml'));
    const root = page.locator('testsuites');
    const countOf = (selector: string): Promise<string> => page.locator(selector).count().then(String);
    const suite = 'testsuites > testsuite > testcase';
    expect(await root.getAttribute('tests')).toBe(await countOf(suite));
    expect(await root.getAttribute('failures')).toBe(await countOf(`${suite} > failure`));
    expect(await page.locator('testsuite').getAttribute('skipped')).toBe(await countOf(`${suite} > skipped`));
    expect(await countOf('testcase[name="plaintext"] > skipped')).toBe('1');
    const said = await page.locator('failure').allTextContents();
    expect(said.join('\n')).toContain('<img src=x onerror=alert(1)></code>');
    await page.close();
  });

  it('SC-03 the JUnit one has what the schema of Jenkins and Surefire has, and nothing else', () => {
    const schema = fileURLToPath(new URL('../support/junit-report.xsd', import.meta.url));
    for (const name of ['r.xml', 'unreachable.xml']) {
      const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', schema, join(folder, name)]);
      expect([status, stderr.toString()]).toEqual([0, `${join(folder, name)} validates\n`]);
    }
  });
});
