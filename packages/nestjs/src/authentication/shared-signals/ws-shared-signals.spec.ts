import { beforeEach, describe, expect, it } from 'vitest';
import type { SecurityEventData } from '../../events/security-event.js';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { AuthenticationError } from '../authenticator.js';
import { TooManyRefusedError } from '../notices/notice-limits.js';
import { type SharedSignalsParts, WsSharedSignals } from './ws-shared-signals.js';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const [ONE, TWO] = ['https://one.example', 'https://two.example'];
const HOUR = 3_600_000;
const STARTED = Date.parse('2026-11-27T10:00:00.000Z');
/** Seconds since 1970, from the beginning of each test on. */
const at = (later: number): number => STARTED / 1000 + later;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('WsSharedSignals', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let signals: WsSharedSignals;
  const told: SecurityEventData[] = [];
  const done: string[] = [];
  const faults: string[] = [];
  let signature: unknown;
  let endSession: SharedSignalsParts['effects']['endSession'];

  beforeEach(() => {
    clock = new FakeClock(STARTED);
    store = new MemoryStore(clock, { maxKeys: 1000 });
    told.length = 0;
    done.length = 0;
    faults.length = 0;
    signature = {};
    endSession = ({ issuer, sub, before }) => {
      done.push(`${issuer} ends ${sub} before ${(before - clock.now()) / 1000}`);
      return Promise.resolve(1);
    };
    const issuers = [ONE, TWO].map((issuer) => ({
      block: 'authentication.oauth',
      rules: { issuer },
      signatures: { verify: () => signature },
      signals: { audiences: ['me'], maxAgeMs: HOUR },
    }));
    signals = new WsSharedSignals({
      ...{ clock, store, events: { emit: (event: SecurityEventData) => told.push(event) } as never },
      issuers: () => issuers as never,
      faults: { write: (where: string) => faults.push(where) } as never,
      effects: {
        endSession: (ended) => endSession(ended),
        endToken: ({ tokenId }) => {
          done.push(`ends token ${tokenId}`);
          return Promise.resolve(1);
        },
        judgeAgain: ({ sub }) => {
          done.push(`judges ${sub}`);
          return 1;
        },
      },
      addressOf: () => ({ address: '192.0.2.1', key: 'address:192.0.2.1' }),
      blamed: () => undefined,
    });
  });

  const seconds = (): number => Math.floor(clock.now() / 1000);

  function token(iss: string, jti: string, event = 'session-revoked', details: object = {}, changes: object = {}): string {
    const claims = {
      ...{ iss, aud: 'me', iat: seconds(), jti },
      sub_id: { format: 'iss_sub', iss, sub: 'alice' },
      events: { [CAEP + event]: details },
      ...changes,
    };
    return `${part({ typ: 'secevent+jwt', alg: 'RS256', kid: 'k' })}.${part(claims)}.AAAA`;
  } // prettier-ignore

  const receive = (text: string) => signals.receive(text, {});
  const failures = () => told.flatMap((event) => (event.type === 'ws.signal.refused' ? [event.failure] : []));

  it('SL-04 has a signal of one issuer not spent by that of another with the same id', async () => {
    expect(await receive(token(TWO, 'same'))).toBe(1);
    expect(await receive(token(ONE, 'same'))).toBe(1);
    expect(done).toEqual([`${TWO} ends alice before 0`, `${ONE} ends alice before 0`]);
    expect(await receive(token(ONE, 'same'))).toBe(0);
    expect(failures()).toEqual(['replayed']);
  });

  it('SL-04 knows a signal for as long as one may come', async () => {
    const text = token(ONE, 'old');
    expect(await receive(text)).toBe(1);
    clock.advance(HOUR);
    expect(await receive(text)).toBe(0);
    expect(failures()).toEqual(['replayed']);
  });

  it('SL-04 MO-02 takes a signal again that it could not act on, and tells of it', async () => {
    const works = endSession;
    endSession = () => Promise.reject(new Error('the store is away'));
    await expect(receive(token(ONE, 'a'))).rejects.toThrow('the store is away');
    endSession = works;
    expect(await receive(token(ONE, 'a'))).toBe(1);
    expect(failures()).toEqual(['unavailable']);
    expect(faults).toEqual(['WsSharedSignals.receive']);
  });

  it('SL-04 answers a second delivery when the first has been acted on, and as that one', async () => {
    let finish = (_count: number): void => undefined;
    endSession = () => new Promise((end) => (finish = end));
    const both = [receive(token(ONE, 'a')), receive(token(ONE, 'a'))];
    let isAnswered = false;
    for (const each of both) void each.then(() => (isAnswered = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    finish(2);
    expect(await Promise.all(both)).toEqual([2, 2]);
    expect(told.map(({ type }) => type)).toEqual(['ws.signal.received']);
    expect(await receive(token(ONE, 'a'))).toBe(0);
    expect(failures()).toEqual(['replayed']);
  });

  it('SL-04 acts on no replay, however many come at once', async () => {
    await receive(token(ONE, 'a'));
    expect(await Promise.all(Array.from({ length: 50 }, () => receive(token(ONE, 'a'))))).toEqual(Array(50).fill(0));
    expect(done).toHaveLength(1);
    expect(failures()).toEqual(Array(50).fill('replayed'));
  });

  it('SL-04 MO-02 tells who said it, and of whom, as the key of the principal has it', async () => {
    await receive(token(ONE, 'a'));
    await receive(token(ONE, 'b', 'session-revoked', {}, { sub_id: { format: 'opaque', id: 'session' } }));
    const principal = JSON.stringify(['authentication.oauth', ONE, 'alice']);
    expect(told).toEqual([
      { type: 'ws.signal.received', signal: 'session-revoked', connections: 1, issuer: ONE, principal },
      { type: 'ws.signal.received', signal: 'session-revoked', connections: 1, issuer: ONE },
    ]);
  });

  it('SL-04 tells once of two that come at the same time', async () => {
    const both = [receive(token(ONE, 'a')), receive(token(ONE, 'a'))];
    expect(await Promise.all(both)).toEqual([1, 1]);
    expect(told.map(({ type }) => type)).toEqual(['ws.signal.received']);
  });

  it('SL-05 ends what was begun before it happened, and nothing that begins after this moment', async () => {
    await receive(token(ONE, 'a', 'session-revoked', { event_timestamp: seconds() - 600 }));
    await receive(token(ONE, 'b', 'session-revoked', { event_timestamp: seconds() + 86_400 }));
    // By the clock of the issuer, which may be ahead of this one.
    const ahead = { iat: seconds() + 20 };
    await receive(token(ONE, 'c', 'session-revoked', {}, ahead));
    await receive(token(ONE, 'd', 'session-revoked', { event_timestamp: seconds() + 20 }, ahead));
    await receive(token(ONE, 'e', 'session-revoked', { event_timestamp: seconds() + 21 }, ahead));
    const dates = [-600, 0, 20, 20, 20];
    expect(done).toEqual(dates.map((date) => `${ONE} ends alice before ${date}`));
  });

  it('SL-05 judges whom it means, ends a token that it means, and takes no opaque id for that of a user', async () => {
    const claims = { claims: { role: 'guest' } };
    await receive(token(ONE, 'a', 'token-claims-change', claims));
    const sub_id = { format: 'jwt_id', iss: ONE, jti: 't' };
    await receive(token(ONE, 'b', 'token-claims-change', claims, { sub_id }));
    expect(done).toEqual(['judges alice', 'ends token t']);
    const opaque = { sub_id: { format: 'opaque', id: 'alice' } };
    await expect(receive(token(ONE, 'c', 'token-claims-change', claims, opaque))).rejects.toThrow(AuthenticationError);
    expect(failures()).toEqual(['bad-subject']);
  });

  it.each<[what: string, made: () => string, signed: unknown, failure: string, most: number]>([
    ['one signal over and over', () => token(ONE, 'a'), {}, 'replayed', 6000],
    ['signals for somebody else', () => token(ONE, 'b', '', {}, { aud: 'other' }), {}, 'bad-audience', 6000],
    [
      'signals about who is unknown',
      () => token(ONE, 'b', 'session-revoked', {}, { sub_id: {} }),
      {},
      'bad-subject',
      6000,
    ],
    ['no signal at all', () => '', {}, 'missing', 6000],
    ['forged ones', () => token(ONE, 'b'), 'bad-signature', 'bad-signature', 60],
    ['ones of an unknown key', () => token(ONE, 'b'), 'unknown-key', 'unknown-key', 60],
    ['what is no token', () => 'a.b.c', {}, 'malformed', 60],
  ])(
    'AN-10 MO-02 has a sender wait who comes with %s, and tells of each that is turned away',
    async (_, made, signed, failure, most) => {
      await receive(token(ONE, 'a'));
      signature = signed;
      const come = () => receive(made()).catch((error: unknown) => error);
      for (let i = 0; i < most - 1; i++) await come();
      expect(await come()).not.toBeInstanceOf(TooManyRefusedError);
      signature = {};
      await expect(receive(token(ONE, 'c'))).rejects.toThrow(TooManyRefusedError);
      await expect(receive(token(ONE, 'd'))).rejects.toThrow(TooManyRefusedError);
      expect(failures()).toEqual([...Array<string>(most).fill(failure), 'too-many-refused', 'too-many-refused']);
      clock.advance(1000);
      expect(await receive(token(ONE, 'c'))).toBe(1);
      expect(faults).toEqual([]);
    },
  );

  it('AN-10 has nobody wait for what names another issuer', async () => {
    for (let i = 0; i < 7000; i++)
      await expect(receive(token('https://three.example', 'a'))).rejects.toThrow('bad-issuer');
    expect(await receive(token(ONE, 'a'))).toBe(1);
  });

  it.each<[string, object, string | undefined]>([
    ['an exp that is to come', { exp: at(1) }, undefined],
    ['an exp that is now', { exp: at(0) }, 'expired'],
    ['an exp that is a text', { exp: 'never' }, 'bad-claims'],
    ['an iat of the last hour', { iat: at(-3600) }, undefined],
    ['an older iat', { iat: at(-3601) }, 'expired'],
    ['an iat that is a little ahead', { iat: at(30) }, undefined],
    ['an iat that is to come', { iat: at(31) }, 'not-yet-valid'],
    ['no iat', { iat: undefined }, 'bad-claims'],
    ['an empty jti', { jti: '' }, 'bad-claims'],
    ['another audience', { aud: 'other' }, 'bad-audience'],
    ['a nonce, as an ID token has', { nonce: 'n' }, 'bad-type'],
    ['no events', { events: undefined }, 'bad-type'],
    ['events of nothing', { events: {} }, 'bad-claims'],
    ['two events', { events: { a: {}, b: {} } }, 'bad-claims'],
    ['an event that is a text', { events: { [`${CAEP}session-revoked`]: 'x' } }, 'bad-claims'],
    ['a change of nothing', { events: { [`${CAEP}credential-change`]: {} } }, 'bad-claims'],
    ['a change that is made', { events: { [`${CAEP}credential-change`]: { change_type: 'delete' } } }, undefined],
    ['claims that are a text', { events: { [`${CAEP}token-claims-change`]: { claims: 'x' } } }, 'bad-claims'],
    ['an event that nobody knows', { events: { 'https://example.com/other': {} }, sub_id: undefined }, undefined],
    ['nobody', { sub_id: undefined }, 'bad-subject'],
    [
      'two that differ',
      { events: { [`${CAEP}session-revoked`]: { subject: { format: 'iss_sub', iss: ONE, sub: 'bob' } } } },
      'bad-subject',
    ],
    [
      'one, twice',
      { events: { [`${CAEP}session-revoked`]: { subject: { format: 'iss_sub', iss: ONE, sub: 'alice' } } } },
      undefined,
    ],
  ])('AN-06 SL-05 judges a signal with %s', async (_, changes, failure) => {
    const answer = receive(token(ONE, 'a', 'session-revoked', {}, changes));
    if (failure === undefined) await answer;
    else await expect(answer).rejects.toMatchObject({ failure });
    expect(failures()).toEqual(failure === undefined ? [] : [failure]);
  });

  it('SL-05 judges again after a new credential, and does nothing for what nobody knows', async () => {
    const made = { [`${CAEP}credential-change`]: { change_type: 'create' } };
    await receive(token(ONE, 'a', '', {}, { events: made }));
    await receive(token(ONE, 'b', '', {}, { events: { 'https://example.com/other': {} } }));
    const verification = { 'https://schemas.openid.net/secevent/ssf/event-type/verification': {} };
    await receive(token(ONE, 'c', '', {}, { events: verification }));
    expect(done).toEqual(['judges alice']);
  });
});
