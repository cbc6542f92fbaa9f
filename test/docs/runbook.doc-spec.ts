import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WsRevocationService, WS_ALERT_RULES } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { AUTHENTICATION_FAILURES } from '../../packages/nestjs/src/authentication/authentication-failures.js';

const RUNBOOK = fileURLToPath(new URL('../../docs/guide/runbook/', import.meta.url));
const SOURCE = fileURLToPath(
  new URL('../../packages/nestjs/src/lifecycle/revocation/ws-revocation.service.ts', import.meta.url),
);
const pages = readdirSync(RUNBOOK).map((page) => readFileSync(RUNBOOK + page, 'utf8'));

describe('docs/guide/runbook', () => {
  it('MO-10 says of each shipped rule what it means, what to look at and what to do', () => {
    const sections = readFileSync(`${RUNBOOK}rules.md`, 'utf8').split('\n## ').slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(
      Object.values(WS_ALERT_RULES).map(({ name }) => name),
    );
    for (const section of sections) {
      for (const part of ['What it means', 'What to look at', 'What to do']) expect(section).toContain(`\n- ${part}: `);
    }
  });

  it('MO-10 names failures that there are', () => {
    const named = pages.flatMap((page) =>
      page
        .split('\n')
        .filter((line) => line.includes('`failure`'))
        .flatMap((line) => [...line.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map(([, word = '']) => word)),
    );
    const words = new Set(['failure', 'reason', 'address', ...Object.keys(AUTHENTICATION_FAILURES)]);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((word) => !words.has(word))).toEqual([]);
  });

  it('MO-10 names methods that a user can call', () => {
    // What is internal is not in the published types.
    const source = readFileSync(SOURCE, 'utf8');
    const internal = [...source.matchAll(/@internal(?:(?!\*\/)[\s\S])*\*\/\s*(?:async )?(\w+)\(/g)].map(
      ([, name]) => name,
    );
    const named = pages.flatMap((page) =>
      [...page.matchAll(/`WsRevocationService\.(\w+)\(/g)].map(([, method = '']) => method),
    );
    expect(named).not.toEqual([]);
    for (const method of named) {
      expect(WsRevocationService.prototype).toHaveProperty(method);
      expect(internal).not.toContain(method);
    }
  });
});
