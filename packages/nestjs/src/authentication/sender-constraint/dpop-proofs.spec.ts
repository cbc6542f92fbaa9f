import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { dpopKey, dpopProof, type ProofShape } from '../../../../../test/support/dpop.js';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { AuthenticationError, DpopNonceRequiredError } from '../authenticator.js';
import type { ResolvedDpopOptions } from './dpop.options.js';
import { DpopProofs } from './dpop-proofs.js';

const URL_OF_ALL = 'https://chat.example.com/live';
const TOKEN = 'the-access-token';
const NONCE = { keys: [createSecretKey(randomBytes(32))], maxAgeMs: 300_000 };
const mine = dpopKey();
const theirs = dpopKey();

interface Put {
  readonly key: string;
  readonly value: string;
  readonly ttlMs: number;
}

async function setUp(options: Partial<ResolvedDpopOptions> = {}, answer?: () => unknown) {
  const clock = new FakeClock();
  const puts: Put[] = [];
  const memory = new MemoryStore(clock, { maxKeys: 100 });
  const store = Object.assign(memory, {
    put(key: string, value: string, ttlMs: number) {
      puts.push({ key, value, ttlMs });
      return answer === undefined ? MemoryStore.prototype.put.call(memory, key, value, ttlMs) : answer();
    },
  });
  const resolved = { required: false, algorithms: ['ES256'], maxAgeMs: 60_000, nonce: undefined, ...options } as const;
  const proofs = new DpopProofs(resolved, { jose, store, clock });
  const jkt = await jose.calculateJwkThumbprint(mine.jwk);
  const prove = (shape: Partial<ProofShape> = {}, key = mine) =>
    dpopProof(key, { url: URL_OF_ALL, token: TOKEN, nowMs: clock.now(), ...shape });
  /** How a proof ends: `'taken'`, or what was thrown. */
  const check = (jwt: string, thumbprint = jkt): Promise<unknown> =>
    proofs.check({ jwt, url: URL_OF_ALL }, TOKEN, thumbprint).then(
      () => 'taken',
      (error: unknown) => error,
    );
  return { clock, puts, proofs, jkt, prove, check };
}

const failureOf = (error: unknown): unknown => (error instanceof AuthenticationError ? error.failure : error);

describe('DpopProofs', () => {
  it('AN-06 J26 takes a proof of the key that the token is bound to, once', async () => {
    const { check, prove } = await setUp();
    const proof = await prove();
    expect(await check(proof)).toBe('taken');
    expect(failureOf(await check(proof))).toBe('replayed');
    expect(await check(await prove())).toBe('taken');
  });

  it('J26 remembers the id under the key, longer than the proof can be good, and hashed', async () => {
    const { check, jkt, prove, puts } = await setUp();
    await check(await prove({ claims: { jti: 'one' } }));
    const id = createHash('sha256').update('one').digest('base64url');
    expect(puts).toEqual([{ key: `dpop:${jkt}.${id}`, value: '1', ttlMs: 120_000 }]);
  });

  it.each<readonly [what: string, answer: unknown]>([
    ['says that it was there', false],
    ['says nothing', undefined],
    ['says something', 1],
  ])('AN-11 J26 refuses where the store %s', async (_, answer) => {
    const { check, prove } = await setUp({}, () => Promise.resolve(answer));
    expect(failureOf(await check(await prove()))).toBe('replayed');
  });

  it('AN-11 leaves a store that is away to its caller', async () => {
    const away = new Error('away');
    const { check, prove } = await setUp({}, () => Promise.reject(away));
    expect(await check(await prove())).toBe(away);
  });

  it.each<readonly [what: string, forge: (prove: Awaited<ReturnType<typeof setUp>>['prove']) => Promise<string>]>([
    ['of another handshake', (prove) => prove({ url: 'https://chat.example.com/other' })],
    ['of another token', (prove) => prove({ token: 'other' })],
    ['of another key', (prove) => prove({}, theirs)],
    ['signed with another key than it names', (prove) => prove({ header: { jwk: mine.jwk } }, theirs)],
    ['whose signature is cut off', async (prove) => (await prove()).replace(/[^.]*$/, '')],
    ['older than it may be', (prove) => prove({ nowMs: Date.UTC(2026, 0, 1) - 61_000 })],
  ])('AN-06 J04 refuses a proof %s, and remembers nothing of it', async (_, forge) => {
    for (const options of [{}, { nonce: NONCE }]) {
      const { check, prove, puts } = await setUp(options);
      const error = await check(await forge(prove));
      expect(failureOf(error)).toBe('bad-proof');
      // Who does not hold the key is told no nonce.
      expect(error).not.toBeInstanceOf(DpopNonceRequiredError);
      expect(puts).toEqual([]);
    }
  });

  it('J03 takes a proof of a listed algorithm only', async () => {
    const { check, prove } = await setUp({ algorithms: ['RS256'] });
    expect(failureOf(await check(await prove()))).toBe('bad-proof');
  });

  it('AN-06 asks who holds the key for the nonce of now, and uses nothing up until it has it', async () => {
    const { check, clock, prove, puts } = await setUp({ nonce: NONCE });
    const asked = await check(await prove());
    expect(asked).toBeInstanceOf(DpopNonceRequiredError);
    expect(puts).toEqual([]);
    const { nonce } = asked as DpopNonceRequiredError;
    expect(await check(await prove({ claims: { nonce } }))).toBe('taken');
    expect(await check(await prove({ claims: { nonce: `${nonce}A` } }))).toBeInstanceOf(DpopNonceRequiredError);
    clock.advance(2 * NONCE.maxAgeMs);
    const again = await check(await prove({ claims: { nonce } }));
    expect(again).toBeInstanceOf(DpopNonceRequiredError);
    expect((again as DpopNonceRequiredError).nonce).not.toBe(nonce);
  });

  it('AN-06 looks at no nonce where none is asked for', async () => {
    const { check, prove } = await setUp();
    expect(await check(await prove({ claims: { nonce: 'anything' } }))).toBe('taken');
  });

  it.each([true, false])('AN-06 knows whether a token that is bound to nothing is refused: %s', async (required) => {
    const { proofs } = await setUp({ required });
    expect(proofs.isRequired).toBe(required);
  });
});
