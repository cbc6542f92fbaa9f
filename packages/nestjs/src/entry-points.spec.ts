import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as casl from './authorization/casl/index.js';
import * as cedar from './authorization/cedar/index.js';
import * as openfga from './authorization/openfga/index.js';
import * as opentelemetry from './opentelemetry/index.js';
import * as main from './index.js';
import * as metrics from './metrics/index.js';
import * as operations from './operations/index.js';
import * as socketIo from './socket-io/index.js';
import * as store from './store/index.js';
import * as terminus from './health/terminus/index.js';
import * as testing from './testing/index.js';

/** What a user can import. A name that is added here is a promise; one that goes is a breaking change. */
describe('the entry points', () => {
  it.each<readonly [path: string, entry: object]>([
    ['.', main],
    ['./casl', casl],
    ['./cedar', cedar],
    ['./metrics', metrics],
    ['./openfga', openfga],
    ['./opentelemetry', opentelemetry],
    ['./operations', operations],
    ['./socket-io', socketIo],
    ['./store', store],
    ['./terminus', terminus],
    ['./testing', testing],
  ])('export what they did: %s', (_, entry) => {
    expect(Object.keys(entry).sort()).toMatchSnapshot();
  });

  it('are those of package.json, for every way of resolving them', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      exports: Record<string, unknown>;
      typesVersions: Record<'*', Record<string, unknown>>;
    };
    const subpaths = [
      'casl',
      'cedar',
      'metrics',
      'openfga',
      'opentelemetry',
      'operations',
      'socket-io',
      'store',
      'terminus',
      'testing',
    ];
    expect(Object.keys(manifest.exports)).toEqual(['.', ...subpaths.map((name) => `./${name}`), './package.json']);
    expect(Object.keys(manifest.typesVersions['*'])).toEqual(subpaths);
  });
});
