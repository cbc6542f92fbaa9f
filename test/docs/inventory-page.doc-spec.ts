import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as nestjs from '@secure-ws/nestjs';

const read = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
const PAGE = read('security/inventory.md');

describe('docs/security/inventory.md', () => {
  it('DP-10 has every option that takes a secret', () => {
    const paths = [...read('guide/options.md').matchAll(/^\| `([^`]*\.(?:secret|clientSecret|hashKey|privateKey))`/gm)];
    const secrets = paths.map(([, path = '']) => path);
    expect(secrets.length).toBeGreaterThan(5);
    expect(secrets.filter((path) => !PAGE.includes(`\`${path}\``))).toEqual([]);
  });

  it('DP-10 has every sink that the package brings', () => {
    const sinks = Object.keys(nestjs).filter((name) => name.endsWith('Sink') && name !== 'SecurityEventSink');
    expect(sinks.length).toBeGreaterThan(4);
    expect(sinks.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  it('DP-10 names pages that there are', () => {
    const links = [...PAGE.matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(existsSync(new URL(link, new URL('../../docs/security/', import.meta.url)))).toBe(true);
  });
}); // prettier-ignore
