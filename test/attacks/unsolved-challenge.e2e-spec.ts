import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Injectable, Post, Req } from '@nestjs/common';
import {
  hCaptcha,
  reCaptcha,
  turnstile,
  type WsChallengeAttempt,
  WsChallengeService,
  WsChallengeVerifier,
  WsProofOfWork,
} from '@secure-ws/nestjs';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { solveChallenge } from 'altcha-lib';
import type { Challenge } from 'altcha-lib/types';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { createSocket, handshake } from '../support/handshake.js';
import { APP_ORIGIN, type AppShape, bootFailure, type RunningApp, startApp } from '../support/start-app.js';

const KEY = 'a-key-of-the-tests-for-challenges-only';
const OTHER_KEY = 'another-key-of-the-tests-for-challenges';
const CHEAP = { secret: KEY, cost: 1 };
const REQUIRED = { status: 403, body: 'Solve a challenge first.' };

@Controller()
class ChallengeController {
  constructor(private readonly challenges: WsChallengeService) {}

  @Post('ws-challenge')
  challenge(@Req() request: IncomingMessage): Promise<unknown> {
    return this.challenges.issue(request);
  }

  @Post('form')
  form(@Req() request: IncomingMessage, @Body() body: unknown): Promise<boolean> {
    const { solution } = body as { solution?: unknown };
    return this.challenges.verify(solution, request);
  }
}

type ChallengeOptions = NonNullable<NonNullable<NonNullable<AppShape['options']>['handshake']>['challenge']>;

const start = (challenge: Partial<ChallengeOptions> = {}, shape: AppShape = {}): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway],
    controllers: [ChallengeController],
    ...shape,
    options: {
      handshake: {
        origins: [APP_ORIGIN],
        challenge: { verifier: new WsProofOfWork(CHEAP), ask: 'always', ...challenge },
        ...shape.options?.handshake,
      },
    },
  });

async function challengeOf({ httpUrl }: RunningApp, headers: Record<string, string> = {}): Promise<Challenge> {
  const response = await fetch(`${httpUrl}/ws-challenge`, {
    method: 'POST',
    headers: { origin: APP_ORIGIN, ...headers },
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Challenge;
}

async function solve(challenge: Challenge): Promise<{ challenge: Challenge; solution: object }> {
  const solution = await solveChallenge({ challenge, deriveKey });
  if (solution === null) throw new Error('The challenge has no solution.');
  return { challenge, solution };
}

const encode = (payload: unknown): string => Buffer.from(JSON.stringify(payload)).toString('base64url');

/** Connects as the page of the application does, with what it sends for the challenge. */
const connectWith = (app: RunningApp, ...solutions: string[]) =>
  handshake(`${app.url}/echo`, {
    origin: APP_ORIGIN,
    protocols: ['json.v1', `bearer.${app.token()}`, ...solutions.map((solution) => `challenge.${solution}`)],
  });

describe.each(['express', 'fastify'] as const)('a challenge on %s', (platform) => {
  it('AN-10 lets in who has solved it, once', async () => {
    const app = await start({}, { platform });
    expect(await connectWith(app)).toMatchObject(REQUIRED);
    const solved = encode(await solve(await challengeOf(app)));
    expect(await connectWith(app, solved)).toBe('open');
    expect(await connectWith(app, solved)).toMatchObject(REQUIRED);
    expect(app.events.ofType('ws.handshake.refused').map(({ reason }) => reason)).toEqual(['challenge', 'challenge']);
  });
});

describe.each(['express', 'fastify'] as const)('a challenge in a form on %s', (platform) => {
  it('AN-10 takes a solution once, there or in a handshake, and nothing else', async () => {
    const app = await start({}, { platform });
    const post = async (solution: unknown, origin = APP_ORIGIN): Promise<unknown> => {
      const headers = { origin, 'content-type': 'application/json' };
      const body = JSON.stringify({ solution });
      return (await fetch(`${app.httpUrl}/form`, { method: 'POST', headers, body })).text();
    };
    const [one, two] = [encode(await solve(await challengeOf(app))), encode(await solve(await challengeOf(app)))];
    for (const wrong of [undefined, '', 'x', 7, [one], 'x'.repeat(4097)]) expect(await post(wrong)).toBe('false');
    expect(await post(one, 'http://localhost:4300')).toBe('false');
    expect(await post(one)).toBe('true');
    expect(await post(one)).toBe('false');
    expect(await connectWith(app, one)).toMatchObject(REQUIRED);
    expect(await connectWith(app, two)).toBe('open');
    expect(await post(two)).toBe('false');
  });
});

describe('a proof of work', () => {
  it('AN-10 is used by one of fifty that send it at once', async () => {
    const app = await start();
    const solved = encode(await solve(await challengeOf(app)));
    const answers = await Promise.all(Array.from({ length: 50 }, () => connectWith(app, solved)));
    expect(answers.filter((answer) => answer === 'open')).toHaveLength(1);
  });

  it.each<readonly [what: string, forge: (good: Awaited<ReturnType<typeof solve>>) => unknown]>([
    ['no JSON', () => 'x'],
    ['null', () => null],
    ['a list', () => []],
    ['no challenge', ({ solution }) => ({ solution })],
    ['no solution', ({ challenge }) => ({ challenge })],
    ['no signature', ({ challenge, solution }) => ({ challenge: { parameters: challenge.parameters }, solution })],
    ['another signature', ({ challenge, solution }) => ({ challenge: { ...challenge, signature: '00'.repeat(32) }, solution })],
    ['easier parameters', ({ challenge, solution }) => ({ challenge: { ...challenge, parameters: { ...challenge.parameters, keyPrefix: '' } }, solution })],
    ['a later end', ({ challenge, solution }) => ({ challenge: { ...challenge, parameters: { ...challenge.parameters, expiresAt: 9e9 } }, solution })],
    ['parameters of another type', ({ challenge, solution }) => ({ challenge: { ...challenge, parameters: { ...challenge.parameters, cost: 1e9, salt: {} } }, solution })],
    ['a counter that does not solve it', ({ challenge }) => ({ challenge, solution: { counter: 2 ** 31, derivedKey: '00'.repeat(32) } })],
    ['a counter of another type', ({ challenge, solution }) => ({ challenge, solution: { ...solution, counter: '0' } })],
    ['a deep list', ({ challenge, solution }) => ({ challenge: { ...challenge, parameters: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown }, solution })],
  ])('AN-10 HS-22 refuses a forged solution like a missing one: %s', async (_, forge) => {
    const app = await start();
    const good = await solve(await challengeOf(app));
    expect(await connectWith(app, encode(forge(good)))).toMatchObject(REQUIRED);
    expect(await connectWith(app, '')).toMatchObject({ status: expect.any(Number) as number });
  }); // prettier-ignore

  it('AN-10 DR-05 remembers no solution that cost no work', async () => {
    const app = await start();
    const { challenge, solution } = await solve(await challengeOf(app));
    const put = vi.spyOn(MemoryStore.prototype, 'put');
    onTestFinished(() => put.mockRestore());
    const wrong = { counter: 2 ** 31, derivedKey: '00'.repeat(32) };
    expect(await connectWith(app, encode({ challenge, solution: wrong }))).toMatchObject(REQUIRED);
    expect(put).not.toHaveBeenCalled();
    expect(await connectWith(app, encode({ challenge, solution }))).toBe('open');
    expect(put).toHaveBeenCalledTimes(1);
  });

  it('AN-10 refuses two solutions, whichever is right', async () => {
    const app = await start();
    const [one, two] = [encode(await solve(await challengeOf(app))), encode(await solve(await challengeOf(app)))];
    expect(await connectWith(app, one, two)).toMatchObject(REQUIRED);
    expect(await connectWith(app, one)).toBe('open');
  });

  it('AN-10 is worth nothing for another origin, and for another address', async () => {
    const proxied = { trustedProxies: { addresses: ['127.0.0.1'], header: 'x-real-ip' as const } };
    const app = await start(
      {},
      { options: { handshake: { ...proxied, origins: [APP_ORIGIN, 'http://localhost:4300'] } } },
    );
    const from = (address: string) => ({ 'x-real-ip': address, 'x-forwarded-proto': 'https' });
    const connectFrom = async (address: string, challenge: Challenge) =>
      handshake(`${app.url}/echo`, {
        origin: APP_ORIGIN,
        headers: from(address),
        protocols: ['json.v1', `bearer.${app.token()}`, `challenge.${encode(await solve(challenge))}`],
      });
    const bought = await challengeOf(app, from('192.0.2.1'));
    expect(await connectFrom('192.0.2.2', bought)).toMatchObject(REQUIRED);
    expect(await connectFrom('192.0.2.1', bought)).toBe('open');
    const elsewhere = await challengeOf(app, { ...from('192.0.2.1'), origin: 'http://localhost:4300' });
    expect(await connectFrom('192.0.2.1', elsewhere)).toMatchObject(REQUIRED);
    const sameNetwork = await challengeOf(app, from('2001:db8::1'));
    expect(await connectFrom('2001:db8::2', sameNetwork)).toBe('open');
  });

  it('AN-10 ends', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ verifier: new WsProofOfWork({ ...CHEAP, ttlMs: 60_000 }) }, { clock });
    const solved = encode(await solve(await challengeOf(app)));
    clock.advance(62_000);
    expect(await connectWith(app, solved)).toMatchObject(REQUIRED);
  });

  it('DR-15 remembers nothing of what it has not signed', async () => {
    const used: string[] = [];
    const attempt = (pow: WsProofOfWork, payload: unknown) =>
      pow.verify(encode(payload), {
        address: '192.0.2.1',
        origin: undefined,
        now: Date.now(),
        useOnce: (id) => used.push(id) > 0,
      });
    const [ours, theirs] = [
      new WsProofOfWork(CHEAP),
      new WsProofOfWork({ secret: 'of-somebody-else-who-floods-us-here', cost: 1 }),
    ];
    const forged = await solve(
      (await theirs.issue({ address: '192.0.2.1', origin: undefined, now: Date.now() })) as unknown as Challenge,
    );
    expect(await attempt(ours, forged)).toBe(false);
    expect(used).toEqual([]);
    expect(await attempt(theirs, forged)).toBe(true);
    expect(used).toEqual([forged.challenge.signature]);
  });

  it('AN-10 is good under each secret of a list, and is made under the first', async () => {
    const pows = [[OTHER_KEY, KEY], KEY, OTHER_KEY].map((secret) => new WsProofOfWork({ secret, cost: 1 }));
    const [rotated, old, next] = pows as [WsProofOfWork, WsProofOfWork, WsProofOfWork];
    const subject = { address: '192.0.2.1', origin: undefined, now: Date.now() };
    const solvedBy = async (pow: WsProofOfWork): Promise<string> =>
      encode(await solve((await pow.issue(subject)) as unknown as Challenge));
    const verify = (pow: WsProofOfWork, solution: string) => pow.verify(solution, { ...subject, useOnce: () => true });
    const [ofOld, ofRotated] = [await solvedBy(old), await solvedBy(rotated)];
    expect([await verify(rotated, ofOld), await verify(rotated, ofRotated)]).toEqual([true, true]);
    expect([await verify(next, ofRotated), await verify(old, ofRotated), await verify(next, ofOld)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('HS-14 is not issued where the forwarding fields of its request cannot be read: 400, and no fault', async () => {
    const proxied = { trustedProxies: { addresses: ['127.0.0.1'], header: 'x-real-ip' as const } };
    const app = await start({}, { options: { handshake: { ...proxied, origins: [APP_ORIGIN] } } });
    const headers = { origin: APP_ORIGIN, 'x-real-ip': 'unknown' };
    expect((await fetch(`${app.httpUrl}/ws-challenge`, { method: 'POST', headers })).status).toBe(400);
  });

  it('DP-02 needs a secret that nobody guesses, and knows its options', () => {
    for (const secret of [undefined, '', 'x'.repeat(31), 'x'.repeat(32), 32 as never, [], [KEY, undefined]])
      expect(() => new WsProofOfWork({ secret })).toThrow(/WsProofOfWork\.secret/);
    expect(() => new WsProofOfWork(undefined as never)).toThrow(/WsProofOfWork\.secret: is missing/);
    expect(() => new WsProofOfWork({ secret: KEY, Cost: 1 } as never)).toThrow(/did you mean WsProofOfWork\.cost/);
    for (const cost of [0, NaN, Infinity, '5' as never])
      expect(() => new WsProofOfWork({ secret: KEY, cost })).toThrow(/cost/);
  });
});

describe('a CAPTCHA', () => {
  it.each<readonly [what: string, options: unknown, text: string]>([
    ['nothing', undefined, 'turnstile().secret: is missing'],
    ['an empty secret', { secret: '' }, 'turnstile().secret: must be'],
    ['a misspelt option', { secret: 'x', minscore: 0.9 }, 'did you mean turnstile().minScore?'],
    ['a score that is none', { secret: 'x', minScore: 2 }, 'turnstile().minScore: must be a number from 0 to 1'],
    ['an address that is none', { secret: 'x', url: 'siteverify' }, 'turnstile().url: must be an https URL'],
    [
      'an address in the clear',
      { secret: 'x', url: 'http://captcha.example.com/' },
      'turnstile().url: must be an https URL',
    ],
    [
      'an address with a password',
      { secret: 'x', url: 'https://u:p@captcha.example.com/' },
      'turnstile().url: must have no user',
    ],
  ])('DP-02 F42 with %s stops the boot', (_, options, text) => {
    expect(() => turnstile(options as never)).toThrow(text);
  });
});

describe('an attack', () => {
  it('AN-10 switches the challenge on for everybody, and off when it is over; both are on record', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ ask: 'under-attack', failuresPerSecond: 1, calmMs: 30_000 }, { clock });
    expect(await connectWith(app)).toBe('open');
    for (let i = 0; i <= 10; i++) {
      await handshake(`${app.url}/echo`, { headers: { authorization: `Bearer aaaa.bbbb.ccc${i}` } });
    }
    expect(app.events.ofType('ws.attack.started')).toMatchObject([{ failuresPerSecond: 1.1 }]);
    expect(await connectWith(app)).toMatchObject(REQUIRED);
    expect(await connectWith(app, encode(await solve(await challengeOf(app))))).toBe('open');
    for (let second = 0; second < 45; second++) clock.advance(1000);
    expect(app.events.ofType('ws.attack.ended')).toHaveLength(1);
    expect(await connectWith(app)).toBe('open');
  });

  it('AN-10 shows a page what it has to do', async () => {
    const app = await start();
    const socket = createSocket(`${app.url}/echo`, {
      origin: APP_ORIGIN,
      protocols: ['secure-ws.v1', `bearer.${app.token()}`],
    });
    const closed = new Promise<readonly [number, string]>((resolve) => {
      socket.once('close', (code, reason) => {
        resolve([code, reason.toString()]);
      });
    });
    expect(await closed).toEqual([4402, 'challenge-required']);
  });
});

describe('a verifier', () => {
  it.each<readonly [what: string, verdict: () => unknown, status: number, reason: string]>([
    ['answers undefined', () => undefined, 403, 'challenge'],
    ['answers something truthy', () => 'yes', 403, 'challenge'],
    ['resolves with an object', () => Promise.resolve({ verified: true }), 403, 'challenge'],
    ['throws', () => { throw new Error('secret-in-the-text'); }, 503, 'challenge-unavailable'],
    ['rejects', () => Promise.reject(new Error('secret-in-the-text')), 503, 'challenge-unavailable'],
  ])('AN-11 HS-22 admits nobody where it %s', async (_, verdict, status, reason) => {
    @Injectable()
    class Verifier extends WsChallengeVerifier {
      override verify(): never {
        return verdict() as never;
      }
    }
    const app = await start({ verifier: Verifier }, { providers: [EchoGateway, Verifier] });
    const answer = await connectWith(app, 'anything');
    expect(answer).toMatchObject({ status });
    expect(JSON.stringify(answer)).not.toContain('secret-in-the-text');
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason }]);
  }); // prettier-ignore

  it('AN-11 admits nobody where it never answers', async () => {
    const clock = new FakeClock(Date.now());
    let asked = (): void => undefined;
    const waits = new Promise<void>((resolve) => (asked = resolve));
    class Verifier extends WsChallengeVerifier {
      override verify(): Promise<boolean> {
        asked();
        return new Promise(() => undefined);
      }
    }
    const app = await start({ verifier: new Verifier() }, { clock });
    const answer = connectWith(app, 'anything');
    await waits;
    clock.advance(5000);
    expect(await answer).toMatchObject({ status: 503 });
  });

  it('HS-20 is asked after the limits and before any credential is verified', async () => {
    const asked: WsChallengeAttempt[] = [];
    class Verifier extends WsChallengeVerifier {
      override verify(_solution: string, attempt: WsChallengeAttempt): boolean {
        asked.push(attempt);
        return true;
      }
    }
    const app = await start({ verifier: new Verifier() });
    expect(await handshake(`${app.url}/echo`, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(asked).toEqual([]);
    const forged = ['json.v1', 'bearer.aaaa.bbbb.cccc', 'challenge.x'];
    expect(await handshake(`${app.url}/echo`, { origin: APP_ORIGIN, protocols: forged })).toMatchObject({
      status: 401,
    });
    expect(asked).toMatchObject([{ address: '127.0.0.1', origin: APP_ORIGIN }]);
    expect(await connectWith(app, 'x'.repeat(4097))).toMatchObject(REQUIRED);
    expect(asked).toHaveLength(1);
    expect(await connectWith(app, 'x'.repeat(4096))).toBe('open');
  });

  it('DP-02 is required, and stops the boot where it cannot be prepared', async () => {
    const problems = await bootProblems({
      providers: [EchoGateway],
      options: { handshake: { origins: [], challenge: { verifier: {} as never, aks: 'always' } as never } },
    });
    expect(problems.map(({ where }) => where)).toEqual(['handshake.challenge.verifier', 'handshake.challenge.aks']);
    class Unprepared extends WsChallengeVerifier {
      override prepare(): never {
        throw new Error('install something');
      }
      override verify(): boolean {
        return true;
      }
    }
    const failure = await bootFailure({
      providers: [EchoGateway],
      options: { handshake: { origins: [], challenge: { verifier: new Unprepared() } } },
    });
    expect(String(failure)).toContain('install something');
  });
});

/** A service that speaks the contract of siteverify: form fields in, JSON out. */
async function siteVerify(answer: (fields: URLSearchParams) => unknown, status = 200) {
  const seen: Record<string, string>[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const fields = new URLSearchParams(body);
      seen.push(Object.fromEntries(fields));
      const text = answer(fields);
      response.writeHead(status, { 'Content-Type': 'application/json', Location: '/elsewhere' });
      response.end(typeof text === 'string' ? text : JSON.stringify(text));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`, seen };
}

const SERVICES = Object.entries({ turnstile, hCaptcha, reCaptcha });

describe.each(SERVICES)('%s', (name, service) => {
  /** hCaptcha tells malice, where the others tell trust. */
  const scored = (trust: number): object => ({
    success: true,
    hostname: 'localhost',
    score: name === 'hCaptcha' ? 1 - trust : trust,
  });

  it('AN-10 asks the service, with the secret, the token and the address', async () => {
    const { url, seen } = await siteVerify((fields) => ({
      success: fields.get('response') === 'good-token',
      hostname: 'localhost',
    }));
    const app = await start({ verifier: service({ secret: 'site-secret', url }) });
    expect(await connectWith(app, 'bad-token')).toMatchObject(REQUIRED);
    expect(await connectWith(app, 'good-token')).toBe('open');
    expect(seen[1]).toEqual({ secret: 'site-secret', response: 'good-token', remoteip: '127.0.0.1' });
  });

  it.each<readonly [what: string, answer: unknown, status: number, admitted: unknown]>([
    ['a token of another site', { success: true, hostname: 'evil.example' }, 200, REQUIRED],
    ['an answer without a host', { success: true }, 200, REQUIRED],
    ['a success that is a word', { success: 'true', hostname: 'localhost' }, 200, REQUIRED],
    ['a bad score', scored(0.1), 200, REQUIRED],
    ['a score that is a word', { success: true, hostname: 'localhost', score: '0.9' }, 200, REQUIRED],
    ['a good score', scored(0.9), 200, 'open'],
    ['the best score', scored(1), 200, 'open'],
    ['the worst score', scored(0), 200, REQUIRED],
    ['the lowest good score', scored(0.5), 200, 'open'],
    ['no JSON', '<html>', 200, { status: 503 }],
    ['null', 'null', 200, { status: 503 }],
    ['too much', JSON.stringify({ success: true, hostname: 'localhost', x: 'x'.repeat(20_000) }), 200, { status: 503 }],
    ['an error of the service', { success: true, hostname: 'localhost' }, 500, { status: 503 }],
    ['a redirect', { success: true, hostname: 'localhost' }, 307, { status: 503 }],
    ['a service that is elsewhere', { success: true, hostname: 'localhost' }, 404, { status: 503 }],
    ['two answers in one', '{"success":false,"success":true,"hostname":"localhost"}', 200, { status: 503 }],
  ])('AN-11 judges %s', async (_what, answer, status, admitted) => {
    const { url, seen } = await siteVerify(() => answer, status);
    const app = await start({ verifier: service({ secret: 'site-secret', url }) });
    const outcome = await connectWith(app, 'token');
    if (typeof admitted === 'string') expect(outcome).toBe(admitted);
    else expect(outcome).toMatchObject(admitted as object);
    expect(seen).toHaveLength(1);
  });

  it('AN-11 gives a service up that does not answer', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      silent.close();
      silent.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    // The handshake's own deadline runs on a clock that stands still.
    const app = await start(
      { verifier: service({ secret: 'x', url, timeoutMs: 1 }) },
      { clock: new FakeClock(Date.now()) },
    );
    expect(await connectWith(app, 'token')).toMatchObject({ status: 503 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'challenge-unavailable' }]);
  });

  it('AN-11 admits nobody while the service is away', async () => {
    const app = await start({ verifier: service({ secret: 'site-secret', url: 'http://127.0.0.1:1/' }) });
    expect(await connectWith(app, 'token')).toMatchObject({ status: 503 });
  });
});
