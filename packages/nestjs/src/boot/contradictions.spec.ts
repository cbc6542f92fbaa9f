import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { resolveGatewaySettings } from '../gateway-settings.js';
import { resolveOptions } from '../resolve-options.js';
import { warnOfContradictions, warnOfGatewayContradictions } from './contradictions.js';

const jwt = { secret: 'k'.repeat(48), algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'chat' };
const REQUIRED = { handshake: { origins: [], trustedProxies: 'none' }, authentication: { jwt } };

const warningsOf = (options: object): readonly string[] => {
  const problems = new BootProblems();
  warnOfContradictions(resolveOptions({ ...REQUIRED, ...options }, new BootProblems()), problems);
  return problems.warnings.map(({ where, warning }) => `${where} ${warning}`);
};

describe('options that contradict each other', () => {
  it('DP-02 F38 are none of the defaults', () => {
    expect(warningsOf({})).toEqual([]);
  });

  it.each<readonly [where: string, other: string, options: object]>([
    [
      'validation.maxMessageBytes',
      'connectionBytesPerSecond',
      { validation: { maxMessageBytes: 262_144 }, messages: { maxQueuedBytes: 262_144 } },
    ],
    [
      'validation.maxMessageBytes',
      'maxQueuedBytes',
      { validation: { maxMessageBytes: 262_144 }, throttling: { connectionBytesPerSecond: 262_144 } },
    ],
    ['validation.maxKeys', 'maxNodes', { validation: { maxKeys: 2000 } }],
    ['throttling.connection', 'throttling.principal', { throttling: { connection: [{ limit: 500, ttl: 1000 }] } }],
    [
      'handshake.limits.maxPendingPerAddress',
      'maxPending',
      { handshake: { ...REQUIRED.handshake, limits: { maxPending: 20 } } },
    ],
    [
      'handshake.limits.maxOpenPerPrincipal',
      'maxOpen',
      { handshake: { ...REQUIRED.handshake, limits: { maxOpen: 5 } } },
    ],
    [
      'handshake.limits.maxOpen',
      'store.maxKeys',
      { store: { maxKeys: 1000 }, handshake: { ...REQUIRED.handshake, limits: { maxOpen: 501 } } },
    ],
    ['messages.handlerTimeoutMs', 'drainTimeoutMs', { messages: { handlerTimeoutMs: 60_000 } }],
    [
      'lifecycle.closeTimeoutMs',
      'drainTimeoutMs',
      { lifecycle: { drainTimeoutMs: 1000 }, messages: { handlerTimeoutMs: 1000 } },
    ],
  ])('DP-02 F38 are warned about: %s beside %s', (where, other, options) => {
    const warnings = warningsOf(options);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(where);
    expect(warnings[0]).toContain(other);
  });

  it('DP-02 F38 are told of the one that somebody has written', () => {
    expect(warningsOf({ lifecycle: { drainTimeoutMs: 5000 } })).toEqual([
      expect.stringMatching(/^lifecycle\.drainTimeoutMs is 5000, and messages\.handlerTimeoutMs \d+ \(its default\): /),
    ]);
    const both = { lifecycle: { drainTimeoutMs: 5000 }, messages: { handlerTimeoutMs: 6000 } };
    expect(warningsOf(both)[0]).toMatch(
      /^messages\.handlerTimeoutMs is 6000, and lifecycle\.drainTimeoutMs only 5000: /,
    );
  });

  it('DP-02 F38 are told in the words of the rules', () => {
    expect(warningsOf({ throttling: { connection: [{ limit: 100, ttl: 1000 }] } })).toEqual([
      'throttling.connection is 100 in 1 s, and throttling.principal only 400 in 10 s: one connection may not send as much as it is allowed.',
    ]);
  });

  it('DP-02 F38 are warned about on one gateway', () => {
    const options = resolveOptions(REQUIRED, new BootProblems());
    const limits = { maxMessageBytes: 262_144, maxQueuedBytes: 262_144 };
    const settings = resolveGatewaySettings({ limits }, 'Uploads', options, new BootProblems());
    const problems = new BootProblems();
    warnOfGatewayContradictions('Uploads', settings, problems);
    expect(problems.warnings).toMatchObject([{ where: 'Uploads @SecureGateway.limits.maxMessageBytes' }]);
  });
});
