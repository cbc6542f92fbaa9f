import { createHmac, randomBytes } from 'node:crypto';
import {
  expressSession,
  fastifySession,
  SecureGateway,
  type SecureWsOptions,
  SecureWsBootError,
  type SessionStoreLike,
  type StoredSession,
  WsAuthorize,
  WsCsrfTokens,
  WsRevocationService,
} from '@secure-ws/nestjs';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, sharedApp, startApp } from '../support/start-app.js';

const [SECRET, OLD, OTHER, CSRF, OLD_CSRF] = Array.from({ length: 5 }, () => randomBytes(32).toString('base64')) as [
  string,
  string,
  string,
  string,
  string,
];

type Callback = (error: unknown, session?: (StoredSession & { userId?: unknown; loggedInAt?: unknown }) | null) => void;

/** A store that answers what a test says, in whatever way, and counts what it is asked. */
class Store implements SessionStoreLike<StoredSession & { userId?: unknown }> {
  readonly asked: string[] = [];
  readonly sessions = new Map<string, (callback: Callback) => unknown>([
    ['alice', (callback) => callback(null, { userId: 'alice', cookie: {} })],
    ['seven', (callback) => callback(undefined, { userId: 7, cookie: { expires: null } })],
    ['visitor', (callback) => callback(null, { cookie: {} })],
    ['empty', (callback) => callback(null, { userId: '', cookie: {} })],
    ['object', (callback) => callback(null, { userId: { id: 'alice' }, cookie: {} })],
    ['null', (callback) => callback(null, null)],
    ['no-file', (callback) => callback(Object.assign(new Error('no such file'), { code: 'ENOENT' }))],
    ['past', (callback) => callback(null, { userId: 'alice', cookie: { expires: new Date(1000) } })],
    ['past-text', (callback) => callback(null, { userId: 'alice', cookie: { expires: '2001-01-01T00:00:00.000Z' } })],
    ['no-date', (callback) => callback(null, { userId: 'alice', cookie: { expires: 'tomorrow' } })],
    ['fails', (callback) => callback(new Error('the store is away'))],
    ['rejects', () => Promise.reject(new Error('the store is away'))],
    ['hangs', () => undefined],
    [
      'throws',
      () => {
        throw new Error('the store is away');
      },
    ],
  ]);

  get(id: string, callback: Callback): unknown {
    this.asked.push(id);
    const answer = this.sessions.get(id);
    return answer === undefined ? callback(null) : answer(callback);
  }
}

const signed = (id: string, secret = SECRET): string =>
  `${id}.${createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')}`;

const session = (verifier: ReturnType<typeof expressSession>, secret: string | string[] = CSRF) => ({
  session: { cookie: '__Host-sid', verifier, csrf: { secret } },
});

interface Ways {
  readonly make: typeof expressSession;
  readonly write: (value: string) => string;
}

const WAYS: readonly (readonly [string, Ways])[] = [
  ['expressSession', { make: expressSession, write: (value) => encodeURIComponent(`s:${value}`) }],
  ['fastifySession', { make: fastifySession, write: encodeURIComponent }],
  ['fastifySession with a prefix', { make: fastifySession, write: (value) => encodeURIComponent(`s:${value}`) }],
];

const open = (app: RunningApp, cookie: string, sessionId: string, path = '/echo', gateway?: typeof AdminGateway) =>
  handshake(`${app.url}${path}`, {
    origin: APP_ORIGIN,
    headers: { Cookie: `__Host-sid=${cookie}` },
    protocols: ['json.v1', `csrf.${app.app.get(WsCsrfTokens).issue(sessionId, gateway)}`],
  });

const admins = new Store();

@SecureGateway({ authentication: session(expressSession(admins, OTHER), [OLD_CSRF, CSRF]) })
@WebSocketGateway({ path: '/admin' })
@WsAuthorize()
class AdminGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: Text): Text {
    return text;
  }
}

describe('whose a session is', () => {
  it.each<readonly [what: string, identify: () => Promise<{ id: string } | undefined>, outcome: unknown]>([
    ['is waited for', async () => ({ id: 'alice' }), 'open'],
    ['is nobody’s', async () => undefined, { status: 401 }],
    ['cannot be said', () => Promise.reject(new Error('the database is away')), { status: 503 }],
  ])('AN-03 AN-08 DR-14 %s', async (_, identify, outcome) => {
    const crashes = watchForCrashes();
    const verifier = expressSession(new Store(), SECRET, identify);
    const app = await startApp({ providers: [EchoGateway], options: { authentication: session(verifier) } });
    const opened = await open(app, encodeURIComponent(`s:${signed('alice')}`), 'alice');
    expect(opened).toEqual(outcome === 'open' ? outcome : expect.objectContaining(outcome));
    expect(crashes).toEqual([]);
  });
});

describe.each(WAYS)('a session of %s', (_, { make, write }) => {
  const store = new Store();
  const app = sharedApp({
    providers: [EchoGateway, AdminGateway],
    options: { authentication: session(make(store, [SECRET, OLD])) },
  });

  it.each([
    ['alice', SECRET],
    ['alice', OLD],
    ['seven', SECRET],
  ])('AN-08 opens a connection of %s, also where the secret has changed', async (id, secret) => {
    expect(await open(app(), write(signed(id, secret)), id)).toBe('open');
  });

  it.each<readonly [what: string, cookie: string]>([
    ['unsigned', write('alice')],
    ['with an empty signature', write('alice.')],
    ['signed with another secret', write(signed('alice', OTHER))],
    ['with the signature of another', write(`alice.${signed('bob').split('.')[1] ?? ''}`)],
    ['with padding', write(`${signed('alice')}=`)],
    ['cut off', write(signed('alice')).slice(0, -1)],
    ['encoded twice', write(`%61${signed('alice').slice(1)}`)],
    ['that is no encoding', '%E0%A4%A'],
    ['without an id', write(signed(''))],
    ['with a line break in its id', write(signed('a\nb'))],
    ['that reaches a prototype', write(signed('__proto__'))],
  ])('AN-08 %s is refused before the store is asked', async (_what, cookie) => {
    store.asked.length = 0;
    expect(await open(app(), cookie, 'alice')).toMatchObject({ status: 401 });
    expect(store.asked).toEqual([]);
  });

  it.each<readonly [id: string, status: number]>([
    ['unknown', 401],
    ['visitor', 401],
    ['empty', 401],
    ['object', 401],
    ['null', 401],
    ['no-file', 401],
    ['past', 401],
    ['past-text', 401],
    ['no-date', 500],
    ['fails', 503],
    ['rejects', 503],
    ['throws', 503],
  ])('AN-08 AN-11 of %s is refused with %d', async (id, status) => {
    expect(await open(app(), write(signed(id)), id)).toMatchObject({ status });
    // Asked, and never written to: the store has no other method.
    expect(store.asked.at(-1)).toBe(id);
  });

  it('HS-18 AN-08 opens a gateway with sessions and keys of its own only with those', async () => {
    const cookie = encodeURIComponent(`s:${signed('alice', OTHER)}`);
    expect(await open(app(), cookie, 'alice', '/admin', AdminGateway)).toBe('open');
    // The key of the module is there the old one of two.
    expect(await open(app(), cookie, 'alice', '/admin')).toBe('open');
    expect(await open(app(), cookie, 'seven', '/admin', AdminGateway)).toMatchObject({ status: 403 });
    expect(await open(app(), write(signed('alice')), 'alice', '/admin')).toMatchObject({ status: 401 });
    expect(await open(app(), write(signed('alice')), 'alice', '/echo', AdminGateway)).toMatchObject({ status: 403 });
  });
});

describe('the time of a session', () => {
  const start = async (store: Store, options: SecureWsOptions['authentication']) => {
    const clock = new FakeClock();
    const app = await startApp({ clock, providers: [EchoGateway], options: { authentication: options } });
    return { clock, app, cookie: (id: string) => encodeURIComponent(`s:${signed(id)}`), store };
  };

  it('AN-11 is limited where the store does not answer', async () => {
    const store = new Store();
    const { clock, app, cookie } = await start(store, session(expressSession(store, SECRET)));
    const refused = open(app, cookie('hangs'), 'hangs');
    await expect.poll(() => store.asked).toEqual(['hangs']);
    clock.advance(5000);
    expect(await refused).toMatchObject({ status: 503 });
  });

  it('SL-01 AN-08 ends its connections', async () => {
    const store = new Store();
    const { clock, app, cookie } = await start(store, session(expressSession(store, SECRET)));
    const expires = new Date(clock.now() + 20_000).toISOString();
    store.sessions.set('brief', (callback) => callback(null, { userId: 'alice', cookie: { expires } }));
    const client = await connect(`${app.url}/echo`, {
      origin: APP_ORIGIN,
      headers: { Cookie: `__Host-sid=${cookie('brief')}` },
      protocols: ['json.v1', `csrf.${app.app.get(WsCsrfTokens).issue('brief')}`],
    });
    clock.advance(20_500);
    expect(await client.expectClose(4001)).toMatchObject({ reason: 'token-expired' });
    expect(await open(app, cookie('brief'), 'brief')).toMatchObject({ status: 401 });
  });

  it('AN-08 belongs to whom the application says', async () => {
    const store = new Store();
    const identify = () => ({ id: 'bob', roles: ['member'], tenant: 'acme' });
    const { app, cookie } = await start(store, session(expressSession(store, SECRET, identify)));
    expect(await open(app, cookie('visitor'), 'visitor')).toBe('open');
    const failing = () => {
      throw new Error('no passport');
    };
    const { app: other } = await start(store, session(expressSession(store, SECRET, failing)));
    expect(await open(other, cookie('visitor'), 'visitor')).toMatchObject({ status: 503 });
  });
});

it.each<readonly [what: string, secret: unknown]>([
  ['none', undefined],
  ['an empty one', ''],
  ['a short one', 'keyboard cat'],
  ['a placeholder', 'secret'.repeat(10)],
  ['an empty list', []],
  ['a list with a short one', [SECRET, 'short']],
])('AN-13 a secret that is %s stops the boot', (_, secret) => {
  for (const make of [expressSession, fastifySession]) {
    expect(() => make(new Store(), secret as string)).toThrow(SecureWsBootError);
  }
});

it.each<readonly [what: string, store: unknown, identify: unknown, problem: string]>([
  ['a store that is not there', undefined, undefined, 'has a store without get()'],
  ['a store that is none', {}, undefined, 'has a store without get()'],
  ['a name for who it is', new Store(), 'userId', 'has a third argument that is not a function'],
])('DP-02 AN-08 %s stops the boot', (_, store, identify, problem) => {
  for (const make of [expressSession, fastifySession]) {
    expect(() => make(store as Store, SECRET, identify as undefined)).toThrow(problem);
  }
});

describe('a session from before a password was changed', () => {
  it('SL-05 does not come back where it says when it began, and the one after it does', async () => {
    const clock = new FakeClock(Date.now());
    const store = new Store();
    const began = clock.now();
    const loggedInAt = clock.now() + 60_000;
    store.sessions.set('new', (callback) => callback(null, { userId: 'alice', cookie: {}, loggedInAt }));
    store.sessions.set('odd', (callback) => callback(null, { userId: 'alice', cookie: {}, loggedInAt: 'today' }));
    store.sessions.set('old', (callback) => callback(null, { userId: 'alice', cookie: {}, loggedInAt: began }));
    const options = { authentication: session(expressSession(store, SECRET)) };
    const app = await startApp({ providers: [EchoGateway], clock, options });
    const cookieOf = (id: string): string => encodeURIComponent(`s:${signed(id)}`);
    expect(await open(app, cookieOf('old'), 'old')).toBe('open');
    clock.advance(60_000);
    await app.app
      .get(WsRevocationService)
      .revokePrincipal('["authentication.session","session","alice"]', { before: new Date(clock.now() - 30_000) });
    expect(await open(app, cookieOf('old'), 'old')).toMatchObject({ status: 401 });
    expect(await open(app, cookieOf('new'), 'new')).toBe('open');
    expect(await open(app, cookieOf('odd'), 'odd')).toMatchObject({ status: 500 });
  });
});
