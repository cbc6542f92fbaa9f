import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TooManyRefusedError } from '../notices/notice-limits.js';
import type { EndedSession } from './logout-claims.js';
import { WsBackChannelLogout } from './ws-back-channel-logout.js';

const NOW = Date.UTC(2026, 10, 27, 10);
const [ONE, TWO] = ['https://one.example', 'https://two.example'];
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('WsBackChannelLogout', () => {
  let clock: FakeClock;
  let refused: string[];
  let faults: string[];
  let ended: EndedSession[];
  let signature: unknown;
  let logout: WsBackChannelLogout;
  let endSession: () => Promise<number>;

  beforeEach(() => {
    clock = new FakeClock(NOW);
    [refused, faults, ended, signature] = [[], [], [], { keyId: 'k' }];
    endSession = () => Promise.resolve(3);
    const issuer = (name: string, maxAgeMs: number) => ({
      rules: { issuer: name },
      signatures: { verify: () => signature },
      logout: { clientIds: ['page'], typ: new Set(['logout+jwt']), maxAgeMs },
    });
    logout = new WsBackChannelLogout({
      clock,
      store: new MemoryStore(clock, { maxKeys: 100 }),
      issuers: () => [issuer(ONE, 60_000), issuer(TWO, 120_000)] as never,
      endSession: (session) => {
        ended.push(session);
        return endSession();
      },
      onRefused: (failure, address) => refused.push(address === undefined ? failure : `${failure} of ${address}`),
      addressOf: ({ from }: { from?: string }) => from,
      faults: { write: (where: string) => faults.push(where) } as never,
    });
  });

  function token(changes: object = {}, head: object = { typ: 'logout+jwt' }): string {
    const seconds = NOW / 1000;
    const claims = {
      ...{ iss: ONE, aud: 'page', iat: seconds, exp: seconds + 600, jti: 'j', sid: 's' },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      ...changes,
    };
    return `${part({ alg: 'RS256', kid: 'k', ...head })}.${part(claims)}.AAAA`;
  }

  it('SL-04 ends the log-in that a token names, once', async () => {
    expect(await logout.receive(token())).toBe(3);
    expect(ended).toEqual([{ issuer: ONE, sub: undefined, sid: 's', before: NOW }]);
    await expect(logout.receive(token())).rejects.toThrow('replayed');
    expect(ended).toHaveLength(1);
    expect(refused).toEqual(['replayed']);
  });

  it('SL-04 MO-02 tells from where a token came that it refused, where that is known', async () => {
    await expect(logout.receive('a.b.c', { from: '203.0.113.7' })).rejects.toThrow('malformed');
    await expect(logout.receive('a.b.c', {})).rejects.toThrow('malformed');
    endSession = () => Promise.reject(new Error('the store is away'));
    await expect(logout.receive(token(), { from: '203.0.113.7' })).rejects.toThrow('the store is away');
    expect(refused).toEqual(['malformed of 203.0.113.7', 'malformed', 'unavailable of 203.0.113.7']);
  });

  it('SL-04 keeps the ids of two issuers apart', async () => {
    await logout.receive(token());
    expect(await logout.receive(token({ iss: TWO }))).toBe(3);
    expect(ended.map(({ issuer }) => issuer)).toEqual([ONE, TWO]);
  });

  it('SL-04 J26 knows a token for as long as the most patient issuer would take it', async () => {
    await logout.receive(token({ iss: TWO }));
    clock.advance(120_000);
    await expect(logout.receive(token({ iss: TWO }))).rejects.toThrow('replayed');
  });

  it('SL-04 MO-02 takes a token again that it could not act on, and tells of it', async () => {
    endSession = () => Promise.reject(new Error('the store is away'));
    await expect(logout.receive(token())).rejects.toThrow('the store is away');
    endSession = () => Promise.resolve(1);
    expect(await logout.receive(token())).toBe(1);
    expect(refused).toEqual(['unavailable']);
    expect(faults).toEqual(['WsBackChannelLogout.receive']);
  });

  it('SL-04 answers deliveries that come while the first is under way as that one, and refuses those that come after', async () => {
    let finish = (_count: number): void => undefined;
    endSession = () => new Promise((done) => (finish = done));
    const all = Array.from({ length: 20 }, () => logout.receive(token()));
    await vi.waitFor(() => expect(ended).toHaveLength(1));
    all.push(logout.receive(token()));
    finish(3);
    expect(await Promise.all(all)).toEqual(all.map(() => 3));
    expect(ended).toHaveLength(1);
    expect(refused).toEqual([]);
    await expect(logout.receive(token())).rejects.toThrow('replayed');
  });

  it('SL-04 acts on no replay, however many come at once', async () => {
    await logout.receive(token());
    const replays = await Promise.allSettled(Array.from({ length: 50 }, () => logout.receive(token())));
    expect(replays.map(({ status }) => status)).toEqual(replays.map(() => 'rejected'));
    expect(ended).toHaveLength(1);
    expect(refused).toEqual(replays.map(() => 'replayed'));
  });

  it('SL-04 fails all deliveries with the first, and takes the next one', async () => {
    endSession = () => Promise.reject(new Error('the store is away'));
    const both = await Promise.allSettled([logout.receive(token()), logout.receive(token())]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(ended).toHaveLength(1);
    expect(refused).toEqual(['unavailable', 'unavailable']);
    endSession = () => Promise.resolve(1);
    expect(await logout.receive(token())).toBe(1);
  });

  it.each<[string, () => unknown, string]>([
    ['no token', () => undefined, 'missing'],
    ['an empty one', () => '', 'missing'],
    ['a list', () => [token()], 'missing'],
    ['a text that is none', () => 'x', 'malformed'],
    ['one of another issuer', () => token({ iss: 'https://evil.example' }), 'bad-issuer'],
    ['one of another kind', () => token({}, { typ: 'at+jwt' }), 'bad-type'],
    ['one without a kind', () => token({}, {}), 'bad-type'],
    ['one for another client', () => token({ aud: 'other' }), 'bad-audience'],
    ['an old one', () => token({ iat: NOW / 1000 - 61 }), 'expired'],
  ])('AN-06 J15 refuses %s, ends nothing and tells of it', async (_, make, failure) => {
    const answer = logout.receive(make());
    await expect(answer).rejects.toMatchObject({ name: 'AuthenticationError', failure });
    expect(refused).toEqual([failure]);
    expect(ended).toEqual([]);
  });

  it('AN-06 J04 refuses what its issuer has not signed', async () => {
    signature = 'bad-signature';
    await expect(logout.receive(token())).rejects.toMatchObject({ failure: 'bad-signature' });
    expect(ended).toEqual([]);
  });

  it('AN-10 MO-02 has an address wait that sends forged tokens, and nobody else, and tells of each that is turned away', async () => {
    const [forger, other] = [{ from: '203.0.113.7' }, { from: '203.0.113.8' }];
    signature = 'bad-signature';
    for (let i = 0; i < 60; i++) await expect(logout.receive(token(), forger)).rejects.toThrow('bad-signature');
    signature = {};
    await expect(logout.receive(token(), forger)).rejects.toThrow(TooManyRefusedError);
    expect(refused.at(-1)).toBe('too-many-refused of 203.0.113.7');
    expect(refused).toHaveLength(61);
    expect(await logout.receive(token(), other)).toBe(3);
    clock.advance(1000);
    expect(await logout.receive(token({ jti: 'k' }), forger)).toBe(3);
    expect(faults).toEqual([]);
  });

  it('AN-10 has nobody wait where nobody can tell from where a token comes', async () => {
    for (let i = 0; i < 200; i++) await expect(logout.receive('a.b.c')).rejects.toThrow('malformed');
    expect(await logout.receive(token())).toBe(3);
  });

  it('AN-10 has no customer of a provider keep away what is meant for another one', async () => {
    const provider = { from: '203.0.113.7' };
    const theirs = () => logout.receive(token({ aud: 'other' }), provider);
    for (let i = 0; i < 5999; i++) await expect(theirs()).rejects.toThrow('bad-audience');
    expect(await logout.receive(token(), provider)).toBe(3);
    await expect(theirs()).rejects.toThrow('bad-audience');
    await expect(theirs()).rejects.toThrow(TooManyRefusedError);
  });

  it('waits for no route unless one is made', () => {
    expect(logout.hasRoute).toBe(false);
  });
});
