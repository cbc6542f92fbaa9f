import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AuthenticationError } from '../../packages/nestjs/src/authentication/authenticator.js';
import { JwtVerifier } from '../../packages/nestjs/src/authentication/jwt/jwt-verifier.js';
import {
  type SignalIssuer,
  WsSharedSignals,
} from '../../packages/nestjs/src/authentication/shared-signals/ws-shared-signals.js';
import { FaultLog } from '../../packages/nestjs/src/core/fault-log.js';
import { SecurityEvents } from '../../packages/nestjs/src/events/security-events.js';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { FakeClock } from '../support/fake-clock.js';
import { eachInput, FUZZ_INPUTS, FUZZ_SEED, FUZZ_TIMEOUT, mutated } from './fuzz-run.js';
import type { Random } from './random.js';

const ISSUER = 'https://one.example';
const OTHER = 'https://two.example';
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';
const MAX_AGE_S = 60;

const SECRET = randomBytes(32);
const KEY = createSecretKey(SECRET);

type Json = Record<string, unknown>;

/** What a receiver did with one token. */
interface Acts {
  readonly ended: { readonly sub: string | undefined; readonly sid: string | undefined }[];
  readonly tokens: string[];
}

/** A value that is right, or mostly one that is not. */
interface Chosen {
  readonly value: unknown;
  readonly isRight: boolean;
}

const right = (value: unknown): Chosen => ({ value, isRight: true });
const wrong = (value: unknown): Chosen => ({ value, isRight: false });

/** Most are right: a token that is wrong in one place is what a check is missed for. */
function choose(random: Random, good: readonly unknown[], bad: readonly unknown[]): Chosen {
  return random.happens(0.93) ? right(random.pick(good)) : wrong(random.pick(bad));
}

const NO_ID = ['', 5, null, 'x'.repeat(257), '__proto__', 'a\u0000b', ['u'], {}];

function subject(random: Random, depth = 0): Json {
  const iss = random.happens(0.9) ? ISSUER : random.pick([OTHER, undefined, 5]);
  const id = random.happens(0.9) ? `id-${random.below(50)}` : random.pick(NO_ID);
  const format = random.pick(['iss_sub', 'jwt_id', 'opaque', 'aliases', 'complex', 'email', undefined, 7]);
  switch (format) {
    case 'iss_sub':
      return { format, iss, sub: id };
    case 'jwt_id':
      return { format, iss, jti: id };
    case 'opaque':
      return { format, id };
    case 'aliases':
      return { format, identifiers: Array.from({ length: random.below(13) }, () => subject(random, depth + 1)) };
    case 'complex':
    case undefined:
      return {
        ...(format !== undefined && { format }),
        ...(random.happens(0.7) && { user: depth > 3 ? 'x' : subject(random, depth + 1) }),
        ...(random.happens(0.7) && { session: depth > 3 ? [] : subject(random, depth + 1) }),
        ...(random.happens(0.1) && { device: subject(random, 4) }),
      };
    default:
      return { format, iss, sub: id, email: 'a@b.example', id, jti: id };
  }
}

/** Every identifier of a subject that this issuer may speak of, and whether it names a session anywhere. */
function named(value: unknown, found = { subs: [''], sids: [''], tokens: [''] }): typeof found {
  if (typeof value !== 'object' || value === null) return found;
  const { format, iss, sub, jti, id, ...inner } = value as Json;
  if (format === 'iss_sub' && iss === ISSUER && typeof sub === 'string') found.subs.push(sub);
  if (format === 'jwt_id' && iss === ISSUER && typeof jti === 'string') found.tokens.push(jti);
  if (format === 'opaque' && typeof id === 'string') found.sids.push(id);
  for (const each of Object.values(inner)) named(each, found);
  return found;
}

/** Whether a complex subject names a session of somebody: who acts on the user alone does more than was asked. */
function namesSession(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { format, session, user } = value as Json;
  if (format !== 'complex' && format !== undefined) return false;
  return session !== undefined || namesSession(user);
}

function details(random: Random, now: number): { readonly event: Json; readonly uri: string; readonly acts: boolean } {
  const event_timestamp = random.pick([undefined, now, now - 600, now + 600, -1, 'x', 1e300]);
  const dated = event_timestamp === undefined ? {} : { event_timestamp };
  const [name, more, acts] = random.pick<readonly [string, Json, boolean]>([
    [`${CAEP}session-revoked`, {}, true],
    [`${CAEP}session-revoked`, { reason_admin: { en: 'x' } }, true],
    [`${CAEP}credential-change`, { change_type: random.pick(['revoke', 'update', 'delete', 'create']) }, true],
    [`${CAEP}credential-change`, { change_type: random.pick(['Revoke', 5, undefined, ['revoke']]) }, false],
    [`${CAEP}token-claims-change`, { claims: { role: 'x' } }, true],
    [`${CAEP}token-claims-change`, { claims: random.pick([undefined, 'x', [], null]) }, false],
    [`${SSF}verification`, { state: 'x' }, false],
    [`${CAEP}session-revoked/`, {}, false],
    [`${CAEP}device-compliance-change`, {}, false],
  ]);
  return { uri: name, event: { ...more, ...dated }, acts };
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(header: unknown, claims: unknown): string {
  const content = `${part(header)}.${part(claims)}`;
  return `${content}.${createHmac('sha256', SECRET).update(content).digest('base64url')}`;
}

/** A token, whether all of it is right but perhaps its subject, and that subject. */
function token(random: Random, jtiOf: string, now: number) {
  const typ = choose(random, ['secevent+jwt', 'application/secevent+jwt', 'SECEVENT+JWT'], ['jwt', undefined, 5, '', 'logout+jwt', 'text/secevent+jwt']); // prettier-ignore
  const iss = choose(random, [ISSUER], [OTHER, undefined, `${ISSUER}/`, [ISSUER], null]);
  const aud = choose(random, ['me', ['me'], ['you', 'me']], ['you', [], ['me', 5], undefined, { me: 1 }, 'ME']);
  const iat = choose(random, [now, now - MAX_AGE_S, now + 30], [now - MAX_AGE_S - 1, now + 31, -1, now + 0.5, `${now}`, undefined, 1e300, null]); // prettier-ignore
  const exp = choose(random, [undefined, now + 1], [now, 'x', -1, 1e300, null]);
  const jti = choose(random, [jtiOf], [undefined, ...NO_ID]);
  const nonce = choose(random, [undefined], ['n', null]);
  const { uri, event, acts } = details(random, now);
  const events = choose(random, [{ [uri]: event }], [{}, { [uri]: event, more: {} }, [event], uri, undefined, { [uri]: 'x' }, { [uri]: [] }]); // prettier-ignore
  const sub_id = subject(random);
  const claims = {
    ...{ iss: iss.value, aud: aud.value, iat: iat.value, exp: exp.value, jti: jti.value, nonce: nonce.value },
    ...{ events: events.value, sub_id },
  };
  const isRight = [typ, iss, aud, iat, exp, jti, nonce, events].every((chosen) => chosen.isRight);
  return { text: signed({ alg: 'HS256', typ: typ.value }, claims), isRight, acts, sub_id };
}

describe(`${FUZZ_INPUTS} security event tokens from the seed ${FUZZ_SEED}`, () => {
  it(
    'SL-04 SL-05 acts on what is right in every field alone, on whom it names, and on no more than it names',
    FUZZ_TIMEOUT,
    async () => {
      const clock = new FakeClock(Date.parse('2026-11-28T10:00:00.000Z'));
      const store = new MemoryStore(clock, { maxKeys: 10_000 });
      const events = new SecurityEvents(clock, []);
      const verifier = new JwtVerifier(
        { kid: undefined, algorithm: 'HS256', key: KEY },
        { issuer: ISSUER, audience: ['me'] },
      );
      const issuer = {
        block: 'authentication.oauth',
        rules: { issuer: ISSUER },
        signatures: { verify: (text: string) => verifier.verify(text) ?? { keyId: undefined } },
        signals: { audiences: ['me'], maxAgeMs: MAX_AGE_S * 1000 },
      } as unknown as SignalIssuer;
      let acts: Acts = { ended: [], tokens: [] };
      let input = 0;
      const signals = new WsSharedSignals({
        ...{ clock, store, events, faults: new FaultLog(clock), issuers: () => [issuer] },
        effects: {
          endSession: ({ sub, sid }) => Promise.resolve(acts.ended.push({ sub, sid })),
          endToken: ({ tokenId }) => Promise.resolve(acts.tokens.push(tokenId)),
          judgeAgain: ({ sub, sid }) => acts.ended.push({ sub, sid }),
        },
        addressOf: () => ({ address: '192.0.2.1', key: `address:${input}` }),
        blamed: () => undefined,
      });
      const receive = async (text: unknown): Promise<boolean> => {
        acts = { ended: [], tokens: [] };
        try {
          await signals.receive(text, {});
          return true;
        } catch (error) {
          if (error instanceof AuthenticationError) return false;
          throw error;
        }
      };
      const counts = { acted: 0, ignored: 0, refused: 0 };
      await eachInput(async (random, at) => {
        input = at;
        clock.advance(1000);
        const { text, isRight, acts: mayAct, sub_id } = token(random, `jti-${at}`, Math.floor(clock.now() / 1000));
        const broken = mutated(random, text);
        if (broken !== text) {
          expect(await receive(broken), `${broken} was changed on its way`).toBe(false);
          expect(acts).toEqual({ ended: [], tokens: [] });
        }
        const isTaken = await receive(text);
        const done = acts.ended.length + acts.tokens.length > 0;
        counts[done ? 'acted' : isTaken ? 'ignored' : 'refused']++;
        if (!isRight || !mayAct) expect(done, `${text}`).toBe(false);
        if (!isRight) expect(isTaken, `${text}`).toBe(false);
        if (!done) return;
        const { subs, sids, tokens } = named(sub_id);
        for (const { sub = '', sid = '' } of acts.ended) {
          expect(subs).toContain(sub);
          expect(sids).toContain(sid);
          expect(sub + sid, 'somebody').not.toBe('');
          if (namesSession(sub_id)) expect(sid, `only a session is meant: ${JSON.stringify(sub_id)}`).not.toBe('');
        }
        for (const id of acts.tokens) expect(tokens).toContain(id);
        // The same one again is answered, and does nothing.
        expect(await receive(text)).toBe(true);
        expect(acts).toEqual({ ended: [], tokens: [] });
      });
      // It fuzzes what it should.
      for (const count of Object.values(counts)) expect(count).toBeGreaterThan(FUZZ_INPUTS / 100);
    },
  );
});
