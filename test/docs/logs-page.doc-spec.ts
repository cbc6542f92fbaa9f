import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as nestjs from '@secure-ws/nestjs';

const PAGE = readFileSync(new URL('../../docs/security/logs.md', import.meta.url), 'utf8');

describe('docs/security/logs.md', () => {
  it('DP-10 has every sink that the package brings', () => {
    const sinks = Object.keys(nestjs).filter((name) => name.endsWith('Sink') && name !== 'SecurityEventSink');
    expect(sinks.length).toBeGreaterThan(4);
    expect(sinks.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  it('DP-10 names pages that there are', () => {
    const links = [...PAGE.matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(existsSync(new URL(link, new URL('../../docs/security/', import.meta.url)))).toBe(true);
  });
}); // prettier-ignore
