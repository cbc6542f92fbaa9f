import { randomBytes } from 'node:crypto';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { solveChallenge } from 'altcha-lib';
import type { Challenge } from 'altcha-lib/types';
import { beforeAll, describe, expect, it } from 'vitest';
import { SecureWsBootError } from '../../core/boot-problems.js';
import type { WsChallengeAttempt, WsChallengeSubject } from './ws-challenge-verifier.js';
import { type ProofOfWorkOptions, WsProofOfWork } from './ws-proof-of-work.js';

const SECRET = randomBytes(32).toString('base64url');
// altcha-lib asks the clock of the machine as well, by which these never end.
const NOW = Date.UTC(2100, 0, 1);
const SUBJECT: WsChallengeSubject = { address: '192.0.2.1', origin: 'https://app.example.com', now: NOW };
const make = (options: Partial<ProofOfWorkOptions> = {}) => new WsProofOfWork({ secret: SECRET, cost: 1, ...options });

interface Payload {
  readonly challenge: Challenge;
  readonly solution: object;
}

const encode = (payload: unknown): string => Buffer.from(JSON.stringify(payload)).toString('base64url');

async function solve(verifier: WsProofOfWork, subject = SUBJECT): Promise<Payload> {
  const challenge = (await verifier.issue(subject)) as unknown as Challenge;
  const solution = await solveChallenge({ challenge, deriveKey });
  if (solution === null) throw new Error('The challenge has no solution.');
  return { challenge, solution };
}

/** One try, and what it would use up. */
async function attempt(verifier: WsProofOfWork, text: string, changes: Partial<WsChallengeAttempt> = {}) {
  const used: { id: string; ttlMs: number }[] = [];
  const useOnce = (id: string, ttlMs: number): boolean => {
    used.push({ id, ttlMs });
    return true;
  };
  const isRight = await verifier.verify(text, { ...SUBJECT, useOnce, ...changes });
  return { isRight, used };
}

const REFUSED = { isRight: false, used: [] };
let verifier: WsProofOfWork;
let good: Payload;

beforeAll(async () => {
  verifier = make();
  good = await solve(verifier);
});

describe('WsProofOfWork', () => {
  it('AN-10 issues a challenge of the cost that is asked for, which ends in time', async () => {
    const { parameters, signature } = await make({ cost: 7, ttlMs: 1500 }).issue(SUBJECT);
    // In whole seconds: none ends early.
    expect(parameters).toMatchObject({
      algorithm: 'PBKDF2/SHA-256',
      cost: 7,
      keyPrefix: '00',
      expiresAt: NOW / 1000 + 2,
    });
    expect(signature).toBeTypeOf('string');
    const usual = await new WsProofOfWork({ secret: SECRET }).issue(SUBJECT);
    expect(usual.parameters).toMatchObject({ cost: 5000, expiresAt: NOW / 1000 + 120 });
  });

  it('AN-17 shows neither the address nor the origin that a challenge is for', async () => {
    const text = JSON.stringify(await verifier.issue(SUBJECT));
    expect(text).not.toContain('192.0.2.1');
    expect(text).not.toContain('app.example.com');
  });

  it('AN-10 takes a solution, and uses up its challenge for as long as it is good', async () => {
    const { signature, parameters } = good.challenge;
    expect(await attempt(verifier, encode(good))).toEqual({
      isRight: true,
      used: [{ id: signature, ttlMs: Number(parameters.expiresAt) * 1000 - NOW }],
    });
  });

  it('AN-10 takes one until its end, and not at its end', async () => {
    const end = NOW + 120_000;
    expect(await attempt(verifier, encode(good), { now: end - 1 })).toMatchObject({
      isRight: true,
      used: [{ ttlMs: 1 }],
    });
    expect(await attempt(verifier, encode(good), { now: end })).toEqual(REFUSED);
  });

  it('AN-10 refuses a solution that was used before', async () => {
    expect(await attempt(verifier, encode(good), { useOnce: () => false })).toMatchObject({ isRight: false });
    expect(await attempt(verifier, encode(good), { useOnce: () => Promise.resolve(false) })).toMatchObject({
      isRight: false,
    });
  });

  it.each<readonly [what: string, changes: Partial<WsChallengeSubject>]>([
    ['another address', { address: '192.0.2.2' }],
    ['another origin', { origin: 'https://other.example.com' }],
    ['no origin', { origin: undefined }],
    [
      'an address and an origin that are the same text together',
      { address: '192.0.2.1h', origin: 'ttps://app.example.com' },
    ],
  ])('AN-10 refuses a solution of %s', async (_, changes) => {
    expect(await attempt(verifier, encode(good), changes)).toEqual(REFUSED);
  });

  it('AN-10 takes the solution of a client without an origin', async () => {
    const subject = { ...SUBJECT, origin: undefined };
    const solved = encode(await solve(verifier, subject));
    expect(await attempt(verifier, solved, subject)).toMatchObject({ isRight: true });
    expect(await attempt(verifier, solved)).toEqual(REFUSED);
  });

  it('AN-10 takes a challenge under each secret of a list, and makes it under the first', async () => {
    const other = randomBytes(32).toString('base64url');
    const both = make({ secret: [other, SECRET] });
    expect(await attempt(both, encode(good))).toMatchObject({ isRight: true });
    const made = encode(await solve(both));
    expect(await attempt(make({ secret: other }), made)).toMatchObject({ isRight: true });
    expect(await attempt(verifier, made)).toEqual(REFUSED);
  });

  const change = (parameters: object): unknown => ({
    ...good,
    challenge: { ...good.challenge, parameters: { ...good.challenge.parameters, ...parameters } },
  });

  it.each<readonly [what: string, forge: () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => 'solution'],
    ['a list', () => []],
    ['no solution', () => ({ challenge: good.challenge })],
    ['null as its solution', () => ({ ...good, solution: null })],
    ['a text as its solution', () => ({ ...good, solution: '1' })],
    ['another solution', () => ({ ...good, solution: { ...good.solution, derivedKey: 'ff'.repeat(32) } })],
    ['no challenge', () => ({ solution: good.solution })],
    ['null as its challenge', () => ({ ...good, challenge: null })],
    ['a text as its challenge', () => ({ ...good, challenge: 'x' })],
    ['no parameters', () => ({ ...good, challenge: { signature: good.challenge.signature } })],
    ['null as its parameters', () => ({ ...good, challenge: { ...good.challenge, parameters: null } })],
    ['a text as its parameters', () => ({ ...good, challenge: { ...good.challenge, parameters: 'x' } })],
    ['no signature', () => ({ ...good, challenge: { parameters: good.challenge.parameters } })],
    ['a signature that is no text', () => ({ ...good, challenge: { ...good.challenge, signature: 1 } })],
    ['another signature', () => ({ ...good, challenge: { ...good.challenge, signature: 'ff'.repeat(32) } })],
    ['no data', () => change({ data: undefined })],
    ['null as its data', () => change({ data: null })],
    ['a text as its data', () => change({ data: 'x' })],
    ['no end', () => change({ expiresAt: undefined })],
    ['an end in a text', () => change({ expiresAt: String(NOW / 1000 + 60) })],
    ['a later end', () => change({ expiresAt: NOW / 1000 + 121 })],
    ['a lower cost', () => change({ cost: 0 })],
    ['no prefix', () => change({ keyPrefix: '' })],
  ])('AN-10 DR-15 refuses %s, and remembers nothing of it', async (_, forge) => {
    expect(await attempt(verifier, encode(forge() ?? ''))).toEqual(REFUSED);
  });

  it.each(['', '!', 'bm8ganNvbg', Buffer.from('{"challenge":{},"challenge":{}}').toString('base64url')])(
    'AN-10 refuses %j',
    async (text) => {
      expect(await attempt(verifier, text)).toEqual(REFUSED);
    },
  );

  const named = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1]));

  it.each<readonly [what: string, more: unknown, isRead: boolean]>([
    ['five levels', { a: { a: { a: { a: 1 } } } }, true],
    ['six levels', { a: { a: { a: { a: { a: 1 } } } } }, false],
    ['fifteen names in one object', named(15), true],
    ['twenty-one names in one object', named(21), false],
    ['forty values', new Array(40).fill(1), false],
  ])('DR-23 reads a solution of %s only as far as one goes', async (_, more, isRead) => {
    expect(await attempt(verifier, encode({ ...good, more }))).toMatchObject(isRead ? { isRight: true } : REFUSED);
  });

  it('DP-02 is prepared before the application starts', async () => {
    await expect(verifier.prepare()).resolves.toBeUndefined();
  });
});

describe('the options of a proof of work', () => {
  const problemsOf = (options: unknown): readonly string[] => {
    try {
      new WsProofOfWork(options as ProofOfWorkOptions);
      return [];
    } catch (error) {
      if (error instanceof SecureWsBootError) return error.problems.map(({ where }) => where);
      throw error;
    }
  };

  it.each<readonly [options: unknown, where: readonly string[]]>([
    [{ secret: SECRET }, []],
    [{ secret: [SECRET, SECRET], cost: 10_000_000, ttlMs: 1 }, []],
    [undefined, ['WsProofOfWork.secret']],
    [{}, ['WsProofOfWork.secret']],
    [{ secret: '' }, ['WsProofOfWork.secret']],
    [{ secret: 'short' }, ['WsProofOfWork.secret']],
    [{ secret: SECRET, cost: 0 }, ['WsProofOfWork.cost']],
    [{ secret: SECRET, cost: 10_000_001 }, ['WsProofOfWork.cost']],
    [{ secret: SECRET, cost: 1.5 }, ['WsProofOfWork.cost']],
    [{ secret: SECRET, ttlMs: 0 }, ['WsProofOfWork.ttlMs']],
    [{ secret: SECRET, costs: 1 }, ['WsProofOfWork.costs']],
  ])('DP-02 are told %j where they are wrong: %j', (options, where) => {
    expect(problemsOf(options)).toEqual(where);
  });
});
