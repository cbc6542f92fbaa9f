import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { CHALLENGE_SUBPROTOCOL_PREFIX as PREFIX } from '@secure-ws/protocol';
import { describe, expect, it } from 'vitest';
import type { Awaitable } from '../../core/awaitable.js';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { HandshakeContext } from '../handshake-context.js';
import type { OriginVerdict } from '../origin-policy.js';
import { readRequestHead } from '../request-head.js';
import { ChallengeCheck, type ChallengeCheckParts } from './challenge-check.js';
import type { ResolvedChallengeOptions } from './challenge.options.js';
import { type WsChallengeAttempt, WsChallengeVerifier } from './ws-challenge-verifier.js';

type Verify = (solution: string, attempt: WsChallengeAttempt) => unknown;

class Verifier extends WsChallengeVerifier {
  readonly seen: [solution: string, attempt: WsChallengeAttempt][] = [];

  constructor(private readonly answer: Verify) {
    super();
  }

  override verify(solution: string, attempt: WsChallengeAttempt): Awaitable<boolean> {
    this.seen.push([solution, attempt]);
    return this.answer(solution, attempt) as Awaitable<boolean>;
  }
}

interface Shape {
  readonly ask?: ResolvedChallengeOptions['ask'];
  readonly verify?: Verify;
}

function setUp({ ask = 'always', verify = () => true }: Shape = {}) {
  const clock = new FakeClock();
  const attacks: Parameters<ChallengeCheckParts['onAttack']>[0][] = [];
  const verifier = new Verifier(verify);
  const store = new MemoryStore(clock, { maxKeys: 100 });
  const check = new ChallengeCheck({
    options: { verifier, ask, handshakesPerSecond: 1, failuresPerSecond: 1, calmMs: 1000 },
    clock,
    store,
    verifier: () => verifier,
    onAttack: (attack) => attacks.push(attack),
  });
  return { check, clock, attacks, verifier, store };
}

function offering(offered: readonly string[], origin?: OriginVerdict): HandshakeContext {
  const socket = new Socket();
  const request = new IncomingMessage(socket);
  const observer = {
    onLimit: () => undefined,
    onForwardingIgnored: () => undefined,
    onCertificateIgnored: () => undefined,
  };
  const context = new HandshakeContext(
    { request, socket, endpointAt: () => undefined, observer },
    readRequestHead(request),
  );
  context.offeredSubprotocols = offered;
  context.addressKey = 'address:192.0.2.1';
  if (origin !== undefined) context.origin = origin;
  return context;
}

const SOLVED = [`${PREFIX}solution`];

describe('ChallengeCheck', () => {
  it.each<readonly [what: string, offered: readonly string[]]>([
    ['nothing', []],
    ['no solution', ['json.v1', 'solution']],
    ['an empty one', [PREFIX]],
    ['two', [`${PREFIX}solution`, `${PREFIX}solution`]],
    ['a right one and an empty one', [`${PREFIX}solution`, PREFIX]],
    ['one of 4,097 characters', [PREFIX + 'x'.repeat(4097)]],
    ['one behind something else', [`x${PREFIX}solution`]],
  ])('AN-10 refuses who offers %s, without asking the verifier', (_, offered) => {
    const { check, verifier } = setUp();
    expect(check.check(offering(offered))).toEqual({ admitted: false, status: 403, reason: 'challenge' });
    expect(verifier.seen).toEqual([]);
  });

  it('AN-10 admits who has solved it, also with the longest solution and beside other subprotocols', () => {
    const { check, verifier } = setUp();
    const longest = 'x'.repeat(4096);
    expect(check.check(offering(SOLVED))).toBeUndefined();
    expect(check.check(offering(['json.v1', PREFIX + longest]))).toBeUndefined();
    expect(verifier.seen.map(([solution]) => solution)).toEqual(['solution', longest]);
  });

  it.each<readonly [what: string, answer: unknown]>([
    ['no', false],
    ['nothing', undefined],
    ['one', 1],
    ['a text', 'true'],
    ['an object', {}],
  ])('AZ-09 AN-10 refuses where the verifier says %s, at once or later', async (_, answer) => {
    const refused = { status: 403, reason: 'challenge' };
    expect(setUp({ verify: () => answer }).check.check(offering(SOLVED))).toMatchObject(refused);
    const later = setUp({ verify: () => Promise.resolve(answer) });
    await expect(later.check.check(offering(SOLVED))).resolves.toMatchObject(refused);
  });

  it('AN-10 admits where the verifier says yes later', async () => {
    const { check } = setUp({ verify: () => Promise.resolve(true) });
    await expect(check.check(offering(SOLVED))).resolves.toBeUndefined();
  });

  it('AN-11 admits nobody where the verifier throws, or rejects', async () => {
    const cause = new Error('away');
    const refused = { admitted: false, status: 503, reason: 'challenge-unavailable', cause };
    const throwing = setUp({
      verify: () => {
        throw cause;
      },
    });
    expect(throwing.check.check(offering(SOLVED))).toEqual(refused);
    const rejecting = setUp({ verify: () => Promise.reject(cause) });
    await expect(rejecting.check.check(offering(SOLVED))).resolves.toEqual(refused);
  });

  it('AN-10 tells the verifier whose solution it is, and at what time', async () => {
    const { check, clock, verifier, store } = setUp();
    void check.check(offering(SOLVED, { kind: 'allowed', text: 'https://app.example.com' } as OriginVerdict));
    void check.check(offering(SOLVED, { kind: 'denied' }));
    const [[, first], [, second]] = verifier.seen as [[string, WsChallengeAttempt], [string, WsChallengeAttempt]];
    expect(first).toMatchObject({ address: '192.0.2.1', origin: 'https://app.example.com', now: clock.now() });
    expect(second.origin).toBeUndefined();
    expect([await first.useOnce('id', 1000), await second.useOnce('id', 1000)]).toEqual([true, false]);
    expect(store.size).toBe(1);
  });

  it('AN-10 asks nobody without an attack, and everybody during one', () => {
    const { check, attacks } = setUp({ ask: 'under-attack' });
    for (let i = 0; i < 10; i++) expect(check.check(offering([]))).toBeUndefined();
    expect(attacks).toEqual([]);
    // The one with which it begins is asked as well.
    expect(check.check(offering([]))).toMatchObject({ reason: 'challenge' });
    expect(check.check(offering(SOLVED))).toBeUndefined();
    expect(attacks).toEqual([{ handshakesPerSecond: 1.1, failuresPerSecond: 0 }]);
  });

  it('AN-10 counts wrong credentials, and tells when an attack is over', () => {
    const { check, clock, attacks } = setUp({ ask: 'under-attack' });
    for (let i = 0; i < 10; i++) check.onFailure();
    expect(attacks).toEqual([]);
    check.onFailure();
    expect(attacks).toEqual([{ handshakesPerSecond: 0, failuresPerSecond: 1.1 }]);
    expect(check.check(offering([]))).toMatchObject({ reason: 'challenge' });
    for (let i = 0; i < 60 && attacks.length === 1; i++) {
      clock.advance(250);
      check.tick(clock.monotonic());
    }
    expect(attacks).toHaveLength(2);
    expect(attacks[1]).toEqual({ durationMs: expect.any(Number) as number });
    expect(check.check(offering([]))).toBeUndefined();
    check.tick(clock.monotonic());
    expect(attacks).toHaveLength(2);
  });

  it('AN-10 tells of an attack where everybody is asked anyway', () => {
    const { check, attacks } = setUp();
    for (let i = 0; i < 11; i++) void check.check(offering(SOLVED));
    expect(attacks).toEqual([{ handshakesPerSecond: 1.1, failuresPerSecond: 0 }]);
  });
});
