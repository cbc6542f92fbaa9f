import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { type ResolvedHandshakeOptions, resolveHandshakeOptions } from './handshake.options.js';

interface Outcome {
  readonly options: ResolvedHandshakeOptions;
  readonly problems: readonly string[];
  readonly fixes: readonly string[];
  readonly warnings: readonly string[];
}

function resolve(source: unknown, environment: { NODE_ENV?: string } = {}): Outcome {
  const boot = new BootProblems();
  const options = resolveHandshakeOptions(new OptionReader(source, 'handshake', boot), environment);
  return {
    options,
    problems: boot.problems.map(({ where }) => where),
    fixes: boot.problems.map(({ fix }) => fix),
    warnings: boot.warnings.map(({ where }) => where),
  };
}

describe('resolveHandshakeOptions', () => {
  it('fills the defaults', () => {
    const { options, problems, warnings } = resolve({ origins: ['https://APP.example.com'], trustedProxies: 'none' });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(options).toEqual({
      origins: {
        exact: [{ protocol: 'https', hostname: 'app.example.com', port: 443 }],
        parents: [],
        allowAny: false,
        allowNull: false,
      },
      hosts: { hosts: undefined, publicHost: undefined },
      transport: { allowPlaintext: false, isProduction: false, publicOrigin: undefined },
      proxies: undefined,
      foreignPaths: new Set(),
      limits: expect.objectContaining({
        maxPending: 1_000,
        maxPendingPerAddress: 50,
        maxOpenPerPrincipal: 10,
      }) as object,
      timeoutMs: 5_000,
      maxHeaderCount: 100,
    });
    expect(Object.isFrozen(options)).toBe(true);
    expect(Object.isFrozen(options.origins.exact)).toBe(true);
  });

  it.each([[undefined], [{}], [{ origins: undefined }]])('DP-01 demands a decision about origins: %j', (source) => {
    const { problems, fixes } = resolve(source);
    expect(problems).toEqual(['handshake.origins']);
    expect(fixes[0]).toContain("handshake.origins: ['https://app.example.com']");
  });

  it('DP-01 takes an empty list for a decision', () => {
    expect(resolve({ origins: [] }).problems).toEqual([]);
  });

  it.each<[unknown]>([
    ['*'],
    ['https://*.example.com'],
    ['*.example.com'],
    ['null'],
    ['app.example.com'],
    ['wss://chat.example.com'],
    ['ws://chat.example.com'],
    ['https://app.example.com/'],
    ['https://app.example.com/path'],
    ['https://user@app.example.com'],
    ['https://app.example.com.'],
    ['https://app.example.com?'],
    [' https://app.example.com'],
    ['https://m\u00fcnchen.de'],
    [''],
    [/example\.com/],
    [42],
    [null],
    [{}],
    [{ subdomainsOf: 'example.com', also: 1 }],
    [{ subdomainsOf: 7 }],
    [{ subdomainsOf: 'https://example.com' }],
    [{ subdomainsOf: '.example.com' }],
    [{ subdomainsOf: '*.example.com' }],
    [{ subdomainsOf: 'example.com:8443' }],
    [{ subdomainsOf: '127.0.0.1' }],
    [{ subdomainsOf: '[::1]' }],
    [{ subdomainsOf: 'com' }],
    [{ subdomainsOf: 'localhost' }],
    [{ subdomainsOf: 'co.uk' }],
    [{ subdomainsOf: 'COM.au' }],
    [{ subdomainsOf: 'github.io' }],
    [{ subdomainsOf: 'vercel.app' }],
  ])('DP-02 refuses the origin %j', (entry) => {
    const { problems, options } = resolve({ origins: ['https://ok.example', entry] });
    expect(problems).toEqual(['handshake.origins[1]']);
    expect(options.origins.exact).toHaveLength(1);
    expect(options.origins.parents).toEqual([]);
  });

  it.each(['https://app.example.com', {}, 7, true])('DP-02 refuses %j for a list of origins', (origins) => {
    expect(resolve({ origins }).problems).toEqual(['handshake.origins']);
  });

  it.each(['https://*.example.com', '*', 'https://app.example.com:*', 'https://app.*'])(
    'DP-02 says of the wildcard in %j that there is none, and what to write',
    (entry) => {
      const boot = new BootProblems();
      resolveHandshakeOptions(new OptionReader({ origins: [entry] }, 'handshake', boot), {});
      expect(boot.problems).toMatchObject([
        { problem: 'cannot have a wildcard.', fix: expect.stringContaining('subdomainsOf') as string },
      ]);
    },
  );

  it('reads parents of subdomains', () => {
    const { options, problems } = resolve({
      origins: [{ subdomainsOf: 'Example.com' }, { subdomainsOf: 'a.b.co.uk' }],
    });
    expect(problems).toEqual([]);
    expect(options.origins.parents).toEqual(['example.com', 'a.b.co.uk']);
  });

  it('warns of every option that weakens', () => {
    const { warnings, problems, options } = resolve({
      dangerouslyAllowAnyOrigin: true,
      dangerouslyAllowNullOrigin: true,
      dangerouslyAllowPlaintext: true,
    });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      'handshake.dangerouslyAllowAnyOrigin',
      'handshake.dangerouslyAllowNullOrigin',
      'handshake.dangerouslyAllowPlaintext',
    ]);
    expect(options.origins).toMatchObject({ allowAny: true, allowNull: true });
    expect(options.transport.allowPlaintext).toBe(true);
  });

  it('refuses a list of origins beside "any"', () => {
    const { problems } = resolve({ origins: ['https://app.example.com'], dangerouslyAllowAnyOrigin: true });
    expect(problems).toEqual(['handshake.origins']);
  });

  it.each([
    ['wss://chat.example.com', 'chat.example.com', 'https://chat.example.com'],
    ['wss://Chat.example.com:443', 'chat.example.com', 'https://chat.example.com'],
    ['wss://chat.example.com:8443', 'chat.example.com', 'https://chat.example.com:8443'],
  ])('TR-02 takes the redirect from publicUrl %s', (publicUrl, publicHost, publicOrigin) => {
    const { options, problems } = resolve({ origins: [], publicUrl });
    expect(problems).toEqual([]);
    expect(options.hosts.publicHost).toBe(publicHost);
    expect(options.transport.publicOrigin).toBe(publicOrigin);
  });

  it('TR-01 reads NODE_ENV once', () => {
    expect(resolve({ origins: [] }, { NODE_ENV: 'production' }).options.transport.isProduction).toBe(true);
    expect(resolve({ origins: [] }, { NODE_ENV: 'test' }).options.transport.isProduction).toBe(false);
  });

  it('HS-14 demands a decision about proxies in production', () => {
    const { problems, fixes } = resolve({ origins: [] }, { NODE_ENV: 'production' });
    expect(problems).toEqual(['handshake.trustedProxies']);
    expect(fixes[0]).toContain("handshake.trustedProxies: 'none'");
    const decided = { origins: [], trustedProxies: { addresses: ['10.0.0.1'], header: 'x-forwarded-for' } };
    expect(resolve(decided, { NODE_ENV: 'production' })).toMatchObject({
      problems: [],
      options: { proxies: { header: 'x-forwarded-for' } },
    });
  });

  it('DP-04 reads the paths of other listeners', () => {
    const { options, problems } = resolve({ origins: [], foreignPaths: ['/graphql', '/socket.io/'] });
    expect(problems).toEqual([]);
    expect(options.foreignPaths).toEqual(new Set(['/graphql', '/socket.io/']));
  });

  it('HS-08 reads the allowed hosts', () => {
    const { options, problems } = resolve({ origins: [], hosts: ['Chat.example.com', 'localhost:3000'] });
    expect(problems).toEqual([]);
    expect(options.hosts.hosts).toEqual([
      { hostname: 'chat.example.com', port: undefined },
      { hostname: 'localhost', port: 3_000 },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['publicUrl', 'ws://chat.example.com', 'publicUrl'],
    ['publicUrl', 'https://chat.example.com', 'publicUrl'],
    ['publicUrl', 'wss://chat.example.com/', 'publicUrl'],
    ['publicUrl', 'wss://chat.example.com/chat', 'publicUrl'],
    ['publicUrl', 'wss://u:p@chat.example.com', 'publicUrl'],
    ['publicUrl', 'chat.example.com', 'publicUrl'],
    ['publicUrl', '', 'publicUrl'],
    ['hosts', [], 'hosts'],
    ['hosts', 'chat.example.com', 'hosts'],
    ['hosts', ['a.example', '*.example.com'], 'hosts[1]'],
    ['hosts', ['https://a.example'], 'hosts[0]'],
    ['trustedProxies', true, 'trustedProxies'],
    ['trustedProxies', 'all', 'trustedProxies'],
    ['timeoutMs', 0, 'timeoutMs'],
    ['timeoutMs', -1, 'timeoutMs'],
    ['timeoutMs', NaN, 'timeoutMs'],
    ['timeoutMs', Infinity, 'timeoutMs'],
    ['timeoutMs', '5s', 'timeoutMs'],
    ['maxHeaderCount', 501, 'maxHeaderCount'],
    ['maxHeaderCount', 0, 'maxHeaderCount'],
    ['limits', { maxPending: Infinity }, 'limits.maxPending'],
    ['limits', { maxPending: 1.5 }, 'limits.maxPending'],
    ['limits', { rate: 20 }, 'limits.rate'],
    ['foreignPaths', '/graphql', 'foreignPaths'],
    ['foreignPaths', ['/graphql', 'graphql'], 'foreignPaths[1]'],
    ['foreignPaths', ['https://a.example/graphql'], 'foreignPaths[0]'],
    ['foreignPaths', ['/graphql?x'], 'foreignPaths[0]'],
    ['foreignPaths', ['/graphql*\u0000'], 'foreignPaths[0]'],
    ['foreignPaths', ['/a/../b'], 'foreignPaths[0]'],
    ['dangerouslyAllowAnyOrigin', 'yes', 'dangerouslyAllowAnyOrigin'],
    ['dangerouslyAllowPlaintext', 1, 'dangerouslyAllowPlaintext'],
    ['orgins', [], 'orgins'],
    ['timeout', 5_000, 'timeout'],
  ])('DP-02 refuses %s: %j', (name, value, where) => {
    expect(resolve({ origins: [], [name]: value }).problems).toEqual([`handshake.${where}`]);
  });
});
