import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** The host that stands for the attacker's web site. It resolves to this machine, in the browser of these tests only. */
export const EVIL_HOST = 'evil.example';

/**
 * Starts Chromium, without a network beyond this machine.
 *
 * `CHROMIUM_PATH` says where it is, if not at `/usr/bin/chromium`.
 */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP ${EVIL_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
    ],
  });
}

/** A visitor with cookies of its own. The certificates of these tests are self-signed. */
export function newVisitor(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ ignoreHTTPSErrors: true });
}
