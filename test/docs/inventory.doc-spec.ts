import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const inventory = read('docs/security/inventory.md');
const optionsIn = (page: string): string[] =>
  [...page.matchAll(/^\| `([\w.[\]-]+)` +\|/gm)].map(([, option = '']) => option);

/** What an option is called whose value must not become known. */
const SECRET = /(?:^|\.)(?:secret|\w+Secret|hashKey|password|passphrase|privateKey|token)$/;

it('DP-10 says of every option that holds a secret how it is rotated, and what to do when it leaked', () => {
  const secrets = optionsIn(read('docs/guide/options.md')).filter((option) => SECRET.test(option));
  expect(secrets.length).toBeGreaterThan(5);
  expect(new Set(optionsIn(inventory))).toEqual(new Set(secrets));
});

it('DP-10 names the pages of limits, sessions, remediation times and logs, which are there and say it', () => {
  const pages = [...inventory.matchAll(/\]\(((?:\.\.\/)[\w./-]+)/g)].map(([, path = '']) => path);
  const root = new URL('../../docs/security/', import.meta.url);
  expect(pages.filter((path) => !existsSync(fileURLToPath(new URL(path, root))))).toEqual([]);
  for (const [page, text] of [
    ['docs/guide/options.md', 'lifecycle.maxLifetimeMs'],
    ['docs/guide/sessions.md', 'WsRevocationService'],
    ['docs/guide/throttling.md', 'THROTTLED'],
    ['docs/guide/events.md', '## What is never in an event'],
    ['SECURITY.md', 'a fix or a plan within fourteen'],
  ] as const) {
    expect(pages.some((path) => page.endsWith(path.replace(/^(?:\.\.\/)+/, '')))).toBe(true);
    expect(read(page)).toContain(text);
  }
});
