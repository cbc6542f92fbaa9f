import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WsApiKeyStore } from './authentication/api-key/ws-api-key-store.js';
import { BootProblems } from './core/boot-problems.js';
import { turnstile } from './handshake/challenge/site-verifiers.js';
import { resolveOptions } from './resolve-options.js';

class Keys extends WsApiKeyStore {
  override find(): undefined {
    return undefined;
  }
}

/** A key that no level of the options has: each level answers with the list of those that it has. */
const NO_OPTION = 'no-such-option';

/** Levels that look the same are described once. */
const SAME_AS: ReadonlyMap<string, string> = new Map([
  ...['principal', 'address', 'tenant'].map((name) => [`throttling.${name}[]`, 'throttling.connection[]'] as const),
  ...['remote.', 'max', 'clockToleranceMs', 'principal'].map(
    (name) => [`authentication.oauth.${name}`, `authentication.jwt.${name}`] as const,
  ),
]);

/** Where a default lies in the resolved options, for those that lie elsewhere than their name says. */
const RESOLVED_AS: ReadonlyMap<string, string> = new Map([
  ['authentication.oauth.backChannelLogout.maxAgeMs', 'authentication.oauth.logout.maxAgeMs'],
  ['authentication.oauth.sharedSignals.maxAgeMs', 'authentication.oauth.signals.maxAgeMs'],
  ['handshake.dangerouslyAllowAnyOrigin', 'handshake.origins.allowAny'],
  ['handshake.dangerouslyAllowNullOrigin', 'handshake.origins.allowNull'],
  ['handshake.dangerouslyAllowPlaintext', 'handshake.transport.allowPlaintext'],
]);

/** Numbers that are resolved but depend on the machine, so that the page says in words how. */
const MACHINE_DEPENDENT: readonly string[] = ['handshake.limits.maxOpen'];

const page = readFileSync(new URL('../../../docs/guide/options.md', import.meta.url), 'utf8');

/** The rows of the page: the path of the option, and the cell of its default. */
const rows = new Map(
  [...page.matchAll(/^\| `([A-Za-z][\w.[\]-]*)` +\| (.*?) +\|/gm)].map(([, path = '', cell = '']) => [path, cell]),
);

function problemsOf(options: unknown): BootProblems {
  const problems = new BootProblems();
  resolveOptions(options, problems);
  return problems;
}

/** The options of one level, as the level itself lists them; empty for what is no level. */
function optionsOf(path: string): readonly string[] {
  const probe = path
    .split('.')
    .filter((name) => name !== '')
    .reduceRight<unknown>(
      (inner, name) => (name.endsWith('[]') ? { [name.slice(0, -2)]: [inner] } : { [name]: inner }),
      {
        [NO_OPTION]: 1,
      },
    );
  const where = `${path === '' ? '' : `${path}.`}${NO_OPTION}`.replaceAll('[]', '[0]');
  const problem = problemsOf(probe).problems.find((each) => each.where === where);
  return problem?.fix.replace(/^.*the options here are /, '').split(', ') ?? [];
}

/** Every option that the code reads, at every depth. */
function everyOption(path = ''): string[] {
  return optionsOf(path).flatMap((name) => {
    const full = path === '' ? name : `${path}.${name}`;
    const nested = everyOption(full);
    const ofItems = nested.length > 0 ? [] : everyOption(`${full}[]`);
    return [full, ...nested, ...ofItems];
  });
}

const onPage = (path: string): string => {
  const alias = [...SAME_AS].find(([prefix]) => path.startsWith(prefix));
  return alias === undefined ? path : alias[1] + path.slice(alias[0].length);
};

function valueAt(root: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    const object: unknown = Array.isArray(value) ? value[0] : value;
    return typeof object === 'object' && object !== null && Object.hasOwn(object, name)
      ? (object as Record<string, unknown>)[name]
      : undefined;
  }, root);
}

/** The literal at the beginning of a cell; `undefined` where the default is said in words. */
function literalOf(cell: string): unknown {
  const text = /^`([^`]+)`/.exec(cell)?.[1];
  if (text === undefined) return undefined;
  return JSON.parse(text.replaceAll("'", '"').replaceAll(/([{,] ?)(\w+):/g, '$1"$2":')) as unknown;
}

const options = everyOption();
// One of each way and one rule, so that their own defaults are filled in as well.
const verifier = turnstile({ secret: 'of the site' });
const resolved = resolveOptions(
  {
    authentication: {
      jwt: {},
      oauth: {
        introspection: { clientId: 'x', clientSecret: 'x' },
        backChannelLogout: { clientId: 'x' },
        sharedSignals: { audience: 'x' },
      },
      apiKeys: { store: new Keys() },
      tickets: {},
      dpop: { nonce: { secret: randomBytes(32) } },
    },
    handshake: { challenge: { verifier } },
    throttling: { connection: [{ limit: 1, ttl: 1 }] },
    alerts: { rules: [{ name: 'x' }], webhooks: [{}] },
  },
  new BootProblems(),
);
const defaults = resolveOptions({}, new BootProblems());

describe('docs/guide/options.md', () => {
  it('is compared with options that the code reads', () => {
    expect(options).toContain('handshake.limits.backoff.maxDelayMs');
    expect(options).toContain('authentication.jwt.keys[].kid');
    expect(options.length).toBeGreaterThan(80);
  });

  it.each(options)('describes %s', (path) => {
    expect([...rows.keys()]).toContain(onPage(path));
  });

  it.each([...rows.keys()])('does not invent %s', (path) => {
    expect(options).toContain(path);
  });

  it.each([...rows].filter(([, cell]) => cell.startsWith('`')))('has the default of %s', (path, cell) => {
    // A default that differs in production, or that no `{}` shows, is not a literal of the resolved options.
    if (path === 'handshake.trustedProxies') return;
    const where = (RESOLVED_AS.get(path) ?? path).replaceAll('[]', '');
    const found = /^authentication\.|^alerts\.|\.challenge\.|\[\]/.test(path)
      ? valueAt(resolved, where)
      : valueAt(defaults, where);
    expect(literalOf(cell)).toEqual(found);
  });

  it.each(options.filter((path) => typeof valueAt(defaults, path) === 'number' && !MACHINE_DEPENDENT.includes(path)))(
    'says the number of %s as one',
    (path) => {
      expect(rows.get(onPage(path))).toMatch(/^`/);
    },
  );
});
