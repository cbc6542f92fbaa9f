import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as main from './index.js';
import * as socketIo from './socket-io/index.js';
import * as store from './store/index.js';
import * as testing from './testing/index.js';

/** What a user can import. A name that is added here is a promise; one that goes is a breaking change. */
describe('the entry points', () => {
  it.each<readonly [path: string, entry: object]>([
    ['.', main],
    ['./socket-io', socketIo],
    ['./store', store],
    ['./testing', testing],
  ])('export what they did: %s', (_, entry) => {
    expect(Object.keys(entry).sort()).toMatchSnapshot();
  });

  it('are those of package.json, for every way of resolving them', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      exports: Record<string, unknown>;
      typesVersions: Record<'*', Record<string, unknown>>;
    };
    expect(Object.keys(manifest.exports)).toEqual(['.', './socket-io', './store', './testing', './package.json']);
    expect(Object.keys(manifest.typesVersions['*'])).toEqual(['socket-io', 'store', 'testing']);
  });
});
