import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { SecureWsBootError } from '../../core/boot-problems.js';
import { expressSession, fastifySession, type SessionStoreLike, type StoredSession } from './signed-sessions.js';

interface Session extends StoredSession {
  readonly userId?: unknown;
  readonly loggedInAt?: unknown;
}

/** Nothing of it decides. */
const REQUEST = {} as IncomingMessage;
const SECRET = randomBytes(32).toString('base64url');
const OLD = randomBytes(32).toString('base64url');

const macOf = (id: string, secret = SECRET): string =>
  createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
const signed = (id: string, secret = SECRET): string => `${id}.${macOf(id, secret)}`;

class Sessions implements SessionStoreLike<Session> {
  readonly asked: string[] = [];
  readonly #kept: ReadonlyMap<string, Session | null>;

  constructor(kept: Readonly<Record<string, Session | null>> = { 'sid-1': { userId: 'alice' } }) {
    this.#kept = new Map(Object.entries(kept));
  }

  get(id: string, callback: (error: unknown, session?: Session | null) => void): void {
    this.asked.push(id);
    callback(null, this.#kept.get(id));
  }
}

const verify = (cookie: string, store = new Sessions()) => expressSession(store, SECRET).verify(cookie, REQUEST);

describe('expressSession', () => {
  it('AN-08 knows a session by its signed cookie, percent-encoded or not', async () => {
    for (const cookie of [`s:${signed('sid-1')}`, encodeURIComponent(`s:${signed('sid-1')}`)]) {
      expect(await verify(cookie)).toEqual({ id: 'alice', sessionId: 'sid-1' });
    }
  });

  it('AN-08 finds the signature behind the last dot', async () => {
    const store = new Sessions({ 'sid.1.x': { userId: 'alice' } });
    expect(await verify(`s:${signed('sid.1.x')}`, store)).toEqual({ id: 'alice', sessionId: 'sid.1.x' });
  });

  it.each<[string, string]>([
    ['without the prefix', signed('sid-1')],
    ['with the prefix elsewhere', `x${`s:${signed('sid-1')}`}`],
    ['unsigned', 's:sid-1'],
    ['with an empty signature', 's:sid-1.'],
    ['with an empty id', `s:${signed('')}`],
    ['of an id that reaches a prototype', `s:${signed('__proto__')}`],
    ['signed for another id', `s:sid-1.${macOf('sid-2')}`],
    ['signed with another secret', `s:${signed('sid-1', OLD)}`],
    ['with a signature cut short', `s:${signed('sid-1').slice(0, -1)}`],
    ['with a longer signature', `s:${signed('sid-1')}A`],
    ['whose signature is padded', `s:${signed('sid-1')}=`],
    ['that is no percent-encoding', `s%zz${signed('sid-1')}`],
    ['that is empty', ''],
  ])('AN-08 asks no store about a cookie %s', async (_, cookie) => {
    const store = new Sessions();
    expect(await verify(cookie, store)).toBeUndefined();
    expect(store.asked).toEqual([]);
  });

  it('AN-08 takes a cookie that was signed with an older secret of the list', async () => {
    const verifier = expressSession(new Sessions(), [SECRET, OLD]);
    expect(await verifier.verify(`s:${signed('sid-1', OLD)}`, REQUEST)).toMatchObject({ id: 'alice' });
    expect(await verifier.verify(`s:${signed('sid-1')}`, REQUEST)).toMatchObject({ id: 'alice' });
  });

  it.each<[string, Session | null | undefined]>([
    ['that the store does not have', undefined],
    ['that the store answers null for', null],
    ['of a visitor who has not logged in', {}],
    ['of an empty user', { userId: '' }],
    ['of a user that is an object', { userId: { id: 'alice' } }],
    ['of a user that is a fraction', { userId: 1.5 }],
  ])('AN-08 knows nobody by a session %s', async (_, session) => {
    const store = new Sessions(session === undefined ? {} : { 'sid-1': session });
    expect(await verify(`s:${signed('sid-1')}`, store)).toBeUndefined();
    expect(store.asked).toEqual(['sid-1']);
  });

  it.each<[string, Session, object]>([
    ['a number for a user', { userId: 42 }, { id: '42' }],
    ['the time of its log-in', { userId: 'alice', loggedInAt: 1000 }, { id: 'alice', issuedAt: 1000 }],
    ['a log-in that has no time', { userId: 'alice', loggedInAt: 'then' }, { id: 'alice', issuedAt: 'then' }],
    ['an end as a date', { userId: 'alice', cookie: { expires: new Date(9000) } }, { id: 'alice', expiresAt: 9000 }],
    [
      'an end as a text',
      { userId: 'alice', cookie: { expires: '1970-01-01T00:00:09.000Z' } },
      { id: 'alice', expiresAt: 9000 },
    ],
    ['an end that is no date', { userId: 'alice', cookie: { expires: 'never' } }, { id: 'alice', expiresAt: NaN }],
    ['no end', { userId: 'alice', cookie: { expires: null } }, { id: 'alice' }],
    ['an end with the browser', { userId: 'alice', cookie: { expires: false } }, { id: 'alice' }],
    ['a cookie without an end', { userId: 'alice', cookie: {} }, { id: 'alice' }],
  ])('SL-01 reads %s of a session', async (_, session, identity) => {
    const found = await verify(`s:${signed('sid-1')}`, new Sessions({ 'sid-1': session }));
    expect(found).toEqual({ ...identity, sessionId: 'sid-1' });
  });

  it('AN-08 asks the application whose a session is, and lets no answer of it name another session', async () => {
    const verifier = expressSession(new Sessions({ 'sid-1': { userId: 'x' } }), SECRET, async ({ userId }) =>
      Promise.resolve({ id: `user-${String(userId)}`, roles: ['editor'], sessionId: 'sid-2' }),
    );
    expect(await verifier.verify(`s:${signed('sid-1')}`, REQUEST)).toEqual({
      id: 'user-x',
      roles: ['editor'],
      sessionId: 'sid-1',
    });
    const nobody = expressSession(new Sessions(), SECRET, () => undefined);
    expect(await nobody.verify(`s:${signed('sid-1')}`, REQUEST)).toBeUndefined();
  });

  it.each<[string, SessionStoreLike<Session>['get'], 'nobody' | RegExp]>([
    ['no file for it', (_, answer) => answer({ code: 'ENOENT' }), 'nobody'],
    ['undefined as its error', (_, answer) => answer(undefined), 'nobody'],
    ['another error', (_, answer) => answer({ code: 'ECONNREFUSED' }), /^The session store failed\.$/],
    ['an error that is a text', (_, answer) => answer('down'), /^The session store failed\.$/],
    ['a rejection', () => Promise.reject(new Error('no connection')), /^no connection$/],
    ['a promise of something beside the callback', (_, answer) => (answer(null), Promise.resolve(1)), 'nobody'],
  ])('AN-11 takes of a store that answers %s', async (_, get, outcome) => {
    const answer = expressSession({ get }, SECRET).verify(`s:${signed('sid-1')}`, REQUEST);
    if (outcome === 'nobody') expect(await answer).toBeUndefined();
    else await expect(answer).rejects.toThrow(outcome);
  });

  it.each<[string, () => unknown, string]>([
    ['no store', () => expressSession(undefined as never, SECRET), 'expressSession(store, secret): has a store'],
    ['null for a store', () => expressSession(null as never, SECRET), 'has a store without get()'],
    ['what is no store', () => fastifySession({} as never, SECRET), 'fastifySession(store, secret): has a store'],
    ['what cannot identify', () => expressSession(new Sessions(), SECRET, 'userId' as never), 'has a third argument'],
    ['no secret', () => expressSession(new Sessions(), []), 'has no secret'],
    ['a secret that is not set', () => expressSession(new Sessions(), undefined as never), 'has a secret that'],
    ['a short secret', () => expressSession(new Sessions(), 'short'), 'has a secret that'],
    ['a short one behind a good one', () => expressSession(new Sessions(), [SECRET, 'short']), 'has a secret that'],
  ])('AN-13 does not boot with %s', (_, make, text) => {
    expect(make).toThrow(SecureWsBootError);
    expect(make).toThrow(text);
  });
});

describe('fastifySession', () => {
  it('AN-08 takes its cookie with the prefix and without', async () => {
    const verifier = fastifySession(new Sessions(), SECRET);
    expect(await verifier.verify(signed('sid-1'), REQUEST)).toEqual({ id: 'alice', sessionId: 'sid-1' });
    expect(await verifier.verify(`s:${signed('sid-1')}`, REQUEST)).toEqual({ id: 'alice', sessionId: 'sid-1' });
    expect(await verifier.verify(`s:${signed('sid-1', OLD)}`, REQUEST)).toBeUndefined();
  });
});
