import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { resolveOptions } from '../resolve-options.js';
import { adjustForTests } from './test-options.js';

const JWT = {
  secret: 'a-secret-of-this-spec-that-guards-nothing-at-all',
  algorithms: ['HS256'],
  issuer: 'https://id.example.com',
  audience: 'chat',
};
const OPTIONS = { handshake: { origins: ['https://app.example.com'] }, authentication: { jwt: JWT } };

function resolve(options: unknown, limits: 'relaxed' | 'as-configured' = 'relaxed') {
  const problems = new BootProblems();
  const resolved = resolveOptions(adjustForTests(options, limits), problems);
  return { resolved, problems: problems.problems.map(({ where }) => where) };
}

describe('adjustForTests', () => {
  it('admits loopback beside the configured hosts', () => {
    const hosts = ['chat.example.com'];
    const { resolved, problems } = resolve({ ...OPTIONS, handshake: { ...OPTIONS.handshake, hosts } });
    expect(problems).toEqual([]);
    expect(resolved.handshake.hosts.hosts).toHaveLength(4);
  });

  it('lifts what counts by address, and leaves the cap of a principal', () => {
    const limits = { ratePerAddress: { limit: 1 }, maxOpenPerPrincipal: 2, backoff: { freeFailures: 0 } };
    const options = { ...OPTIONS, handshake: { ...OPTIONS.handshake, limits } };
    const relaxed = resolve(options);
    expect(relaxed.problems).toEqual([]);
    expect(relaxed.resolved.handshake.limits).toMatchObject({
      ratePerAddress: { limit: 100_000 },
      maxOpenPerPrincipal: 2,
      backoff: { freeFailures: 1000 },
    });
    expect(resolve(options, 'as-configured').resolved.handshake.limits).toMatchObject({
      ratePerAddress: { limit: 1 },
      backoff: { freeFailures: 0 },
    });
  });

  it.each([
    [undefined, ['handshake.origins', 'authentication']],
    [{}, ['handshake.origins', 'authentication']],
    [{ ...OPTIONS, authentication: {} }, ['authentication']],
    [{ ...OPTIONS, authentication: { jwt: [], authenticators: [] } }, ['authentication']],
    [{ ...OPTIONS, authentication: { jwt: JWT, authenticators: 'x' } }, ['authentication.authenticators']],
    [{ ...OPTIONS, handshake: { origins: ['*'] } }, ['handshake.origins[0]']],
    [{ ...OPTIONS, handshake: { origins: [], limits: 1 } }, ['handshake.limits']],
    [{ ...OPTIONS, handshake: { origins: [], limits: { backoff: 1 } } }, ['handshake.limits.backoff']],
    [{ ...OPTIONS, handshake: { origins: [], hosts: 'x' } }, ['handshake.hosts']],
    [{ ...OPTIONS, surprise: 1 }, ['surprise']],
  ])('DP-01 DP-02 hides nothing that is wrong with %j', (options, expected) => {
    expect(resolve(options).problems).toEqual(expected);
  });
});
