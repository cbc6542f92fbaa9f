import { JwtService } from '@nestjs/jwt';
import { describe, expect, it, vi } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { signHs } from '../support/forge-jwt.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { answerTo, expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const KID = 'current';
const { issuer, audience } = TEST_JWT;
const secret: string = TEST_JWT.secret;

const start = (): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway],
    options: { authentication: { jwt: { keys: [{ kid: KID, secret, algorithm: 'HS256' }], issuer, audience } } },
  });

function tokenWith(claims: Record<string, unknown>, { kid = KID, key = secret } = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  const usual = { iss: issuer, aud: audience, sub: 'alice', iat, exp: iat + 600 };
  return signHs({ alg: 'HS256', typ: 'JWT', kid }, { ...usual, ...claims }, key);
}

const past = (): Record<string, number> => {
  const now = Math.floor(Date.now() / 1000);
  return { iat: now - 7200, exp: now - 3600 };
};

const BAD: readonly (readonly [what: string, token: () => string, failure: string, verifications: number])[] = [
  ['a forged signature', () => tokenWith({}, { key: 'another-secret-of-this-test-suite-that-is-long' }), 'bad-signature', 1],
  ['an expired one', () => tokenWith(past()), 'expired', 1],
  ['one for another audience', () => tokenWith({ aud: 'mail' }), 'bad-audience', 1],
  ['one without a user', () => tokenWith({ sub: '' }), 'bad-subject', 1],
  // A kid is no secret: nothing is verified where there is no key to do it with.
  ['one of an unknown key', () => tokenWith({}, { kid: 'unknown' }), 'unknown-key', 0],
  ['one of another issuer', () => tokenWith({ iss: 'https://evil.example' }), 'bad-issuer', 0],
  ['garbage', () => 'aaaa.bbbb.cccc', 'malformed', 0],
]; // prettier-ignore

describe('the answer to a bad token', () => {
  it('AN-09 is the same for all of them, byte for byte, for the same work', async () => {
    const app = await start();
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    try {
      const usual = await refusalOf(app, { fields: withField(goodFields(app), 'Authorization') });
      expectWholeRefusal(usual, 401);
      for (const [, token, failure, verifications] of BAD) {
        app.events.clear();
        verify.mockClear();
        const fields = withField(goodFields(app), 'Authorization', `Bearer ${token()}`);
        expect(await refusalOf(app, { fields })).toEqual(usual);
        // The audit knows which it was; nobody else does.
        expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'unauthenticated', failure }]);
        expect(verify).toHaveBeenCalledTimes(verifications);
      }
      verify.mockClear();
      const good = withField(goodFields(app), 'Authorization', `Bearer ${tokenWith({})}`);
      expect(await answerTo(app, { fields: good })).toMatchObject({ status: 101 });
      expect(verify).toHaveBeenCalledTimes(1);
    } finally {
      verify.mockRestore();
    }
  });
});

describe('who guesses credentials', () => {
  const many = { limit: 10_000, ttl: 10_000 };

  it('AN-10 is refused unverified before the twentieth, and only from that address', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startApp({
      providers: [EchoGateway],
      clock,
      options: { handshake: { origins: [], limits: { ratePerAddress: many, ratePerPrincipal: many } } },
    });
    const victim = await connect(`${app.url}/echo`, { token: app.token(), ws: { localAddress: '127.0.0.2' } });
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    try {
      const statuses: number[] = [];
      for (let guess = 0; guess < 20; guess++) {
        const forged = `${app.token().slice(0, -6)}AAAAA${guess % 2 === 0 ? 'A' : 'E'}`;
        const answer = await handshake(`${app.url}/echo`, { token: forged });
        statuses.push(answer === 'open' ? 101 : answer.status);
      }
      expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
      expect(statuses.at(-1)).toBe(429);
      // Five for nothing, then one a second: the clock stands still here.
      expect(verify.mock.calls.length).toBeLessThanOrEqual(8);
      expect(statuses.filter((status) => status === 401)).toHaveLength(verify.mock.calls.length);
    } finally {
      verify.mockRestore();
    }
    expect(app.events.ofType('ws.handshake.refused').at(-1)).toMatchObject({
      reason: 'address-backoff',
      owasp: 'excess_rate_limit_exceeded',
      address: '127.0.0.1',
    });

    // Whose name was guessed at is not locked out: not from elsewhere, and not in what is open.
    const elsewhere = { token: app.token(), ws: { localAddress: '127.0.0.2' } };
    expect(await handshake(`${app.url}/echo`, elsewhere)).toBe('open');
    expect(await victim.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
    // Nor, for more than a second, whoever shares the attacker's address.
    clock.advance(1001);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it('AN-10 F25 cannot keep the office out that they share an address with', async () => {
    const clock = new FakeClock(Date.now());
    const limits = { ratePerAddress: many, ratePerPrincipal: many };
    const app = await startApp({ providers: [EchoGateway], clock, options: { handshake: { origins: [], limits } } });
    const url = `${app.url}/echo`;
    const colleague = { token: app.token({ sub: 'colleague' }) };
    expect(await handshake(url, colleague)).toBe('open');
    const broken = { token: `${app.token().slice(0, -6)}AAAAAA` };
    const honest: unknown[] = [];
    // A device that tries its bad token three times for each honest log-in, and always comes first.
    for (let second = 0; second < 30; second++) {
      for (let attempt = 0; attempt < 3; attempt++) expect(await handshake(url, broken)).not.toBe('open');
      expect(await handshake(url, colleague)).toBe('open');
      honest.push(await handshake(url, { token: app.token({ sub: `newcomer-${second}` }) }));
      clock.advance(1000);
    }
    // The two newcomers whose second the bad token had while it was still new wait for the next.
    expect(honest.filter((answer) => answer === 'open').length).toBeGreaterThanOrEqual(28);
    expect(app.events.ofType('ws.handshake.refused').at(-1)).toMatchObject({ reason: 'address-backoff' });
  });
});
