import { type SessionIdentity, WsCsrfTokens, WsSessionVerifier } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { answerTo, expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { fieldOf } from '../support/raw-response.js';
import { APP_ORIGIN, sharedApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** Two logins of alice and one of bob, by the values of their cookies. */
const SESSIONS: Readonly<Record<string, SessionIdentity>> = {
  'cookie-of-alice': { id: 'alice', sessionId: 'session-1' },
  'second-cookie-of-alice': { id: 'alice', sessionId: 'session-2' },
  'cookie-of-bob': { id: 'bob', sessionId: 'session-3' },
};

class Sessions extends WsSessionVerifier {
  asked = 0;

  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    this.asked += 1;
    return Promise.resolve(Object.hasOwn(SESSIONS, cookie) ? SESSIONS[cookie] : undefined);
  }
}

const CSRF_SECRET = 'a-csrf-secret-of-the-test-suite-that-guards-nothing';

describe('the session cookie of a visitor', () => {
  const sessions = new Sessions();
  const app = sharedApp({
    providers: [EchoGateway],
    options: {
      authentication: {
        jwt: TEST_JWT,
        session: { cookie: '__Host-sid', verifier: sessions, csrf: { secret: CSRF_SECRET } },
      },
    },
  });
  const csrf = (sessionId: string): string => `csrf.${app().app.get(WsCsrfTokens).issue(sessionId)}`;
  const page = (cookie: string, protocols: readonly string[], more: ClientShape = {}): ClientShape => ({
    origin: APP_ORIGIN,
    ...more,
    protocols: ['json.v1', ...protocols],
    headers: { Cookie: `theme=dark; __Host-sid=${cookie}` },
  });
  const attempt = (shape: ClientShape) => handshake(`${app().url}/echo`, shape);

  it('HS-18 opens a connection together with the token of its session', async () => {
    const client = await connect(`${app().url}/echo`, page('cookie-of-alice', [csrf('session-1')]));
    expect(await client.request('echo', { text: 'mine' })).toMatchObject({ event: 'echo' });
    expect(app().app.get(EchoGateway).handled.at(-1)).toEqual({ text: 'mine', from: 'alice' });
    expect(client.socket.protocol).toBe('json.v1');
    expect(app().events.ofType('ws.connection.opened').at(-1)).toMatchObject({ method: 'session:cookie' });
  });

  it('HS-18 HS-10 is answered without its token', async () => {
    const token = csrf('session-1');
    const fields = [
      ...withField(goodFields(app()), 'Authorization'),
      ['Origin', APP_ORIGIN],
      ['Cookie', '__Host-sid=cookie-of-alice'],
      ['Sec-WebSocket-Protocol', `json.v1, ${token}`],
    ] as const;
    const response = await answerTo(app(), { fields });
    expect(response.status).toBe(101);
    expect(fieldOf(response, 'sec-websocket-protocol')).toBe('json.v1');
    expect(JSON.stringify(response.fields)).not.toContain('csrf');
  });

  it.each<readonly [what: string, protocols: () => readonly string[]]>([
    ['no token', () => []],
    ['an empty token', () => ['csrf.']],
    ['a made-up token', () => ['csrf.aaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']],
    ['the session id for a token', () => ['csrf.session-1']],
    ['the token of another session of the same user', () => [csrf('session-2')]],
    ['the token of another user', () => [csrf('session-3')]],
    ['a good and a bad token', () => [csrf('session-1'), csrf('session-3')]],
    ['two good tokens', () => [csrf('session-1'), csrf('session-1')]],
    ['a good token in other letters', () => [csrf('session-1').toUpperCase()]],
    ['a good token that was cut', () => [csrf('session-1').slice(0, -1)]],
    ['a good token with more behind it', () => [`${csrf('session-1')}A`]],
  ])('HS-18 opens nothing with %s', async (_, protocols) => {
    const { connections } = app().app.get(EchoGateway);
    app().events.clear();
    expect(await attempt(page('cookie-of-alice', protocols()))).toMatchObject({ status: 403 });
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'csrf', owasp: 'malicious_csrf' }]);
    expect(app().app.get(EchoGateway).connections).toBe(connections);
  });

  it('HS-18 is not even looked up for a page without a token', async () => {
    const { asked } = sessions;
    await attempt(page('cookie-of-alice', []));
    expect(sessions.asked).toBe(asked);
  });

  it.each([
    ['query', '?csrf='],
    ['query', '?token='],
  ])('HS-18 AN-05 takes no token out of the %s: %s', async (_, query) => {
    const url = `${app().url}/echo${query}${csrf('session-1').slice('csrf.'.length)}`;
    expect(await handshake(url, page('cookie-of-alice', []))).toMatchObject({ status: 403 });
  });

  it('HS-04 HS-18 opens nothing without an Origin, whatever else comes with it', async () => {
    const { origin: _, ...withoutOrigin } = page('cookie-of-alice', [csrf('session-1')]);
    expect(await attempt(withoutOrigin)).toMatchObject({ status: 403 });
    expect(await attempt({ ...withoutOrigin, token: app().token() })).toMatchObject({ status: 403 });
  });

  it('HS-01 HS-18 opens nothing for a page of another origin, even with the right token', async () => {
    const shape = page('cookie-of-alice', [csrf('session-1')], { origin: 'https://evil.example' });
    expect(await attempt(shape)).toMatchObject({ status: 403 });
  });

  it.each(['unknown', 'cookie-of-alice; __Host-sid=cookie-of-bob', '__proto__', 'constructor', '%63ookie-of-alice'])(
    'AN-08 opens nothing with the cookie %s',
    async (cookie) => {
      expect(await attempt(page(cookie, [csrf('session-1')]))).toMatchObject({ status: 401 });
    },
  );
});

describe('two credentials in one handshake', () => {
  const sessions = new Sessions();
  const app = sharedApp({
    providers: [EchoGateway],
    options: {
      authentication: {
        jwt: TEST_JWT,
        session: { cookie: '__Host-sid', verifier: sessions, csrf: { secret: CSRF_SECRET } },
      },
    },
  });
  const both = (sub: string, cookie: string, tokenIn: 'authorization' | 'subprotocol') =>
    handshake(`${app().url}/echo`, {
      origin: APP_ORIGIN,
      token: app().token({ sub }),
      tokenIn,
      headers: { Cookie: `__Host-sid=${cookie}` },
    });

  it.each(['authorization', 'subprotocol'] as const)('AN-04 of two people are refused: %s', async (tokenIn) => {
    app().events.clear();
    expect(await both('alice', 'cookie-of-bob', tokenIn)).toMatchObject({ status: 401 });
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([
      { reason: 'unauthenticated', failure: 'ambiguous' },
    ]);
    expect(app().app.get(EchoGateway).connections).toBe(0);
  });

  it('AN-04 of one person are admitted, as the explicit one says', async () => {
    expect(await both('alice', 'cookie-of-alice', 'authorization')).toBe('open');
    expect(app().events.ofType('ws.connection.opened').at(-1)).toMatchObject({ method: 'jwt:authorization' });
  });

  it('AN-04 the explicit one decides where the cookie is of no session', async () => {
    expect(await both('alice', 'of-a-session-that-ended', 'subprotocol')).toBe('open');
  });

  it('AN-04 the cookie never stands in for an explicit one that is bad', async () => {
    const protocols = ['json.v1', `csrf.${app().app.get(WsCsrfTokens).issue('session-1')}`];
    const headers = { Cookie: '__Host-sid=cookie-of-alice', Authorization: 'Bearer aaaa.bbbb.cccc' };
    const url = `${app().url}/echo`;
    expect(await handshake(url, { origin: APP_ORIGIN, protocols, headers })).toMatchObject({ status: 401 });
    const { Cookie } = headers;
    expect(await handshake(url, { origin: APP_ORIGIN, protocols, headers: { Cookie } })).toBe('open');
  });

  it.each<
    readonly [
      what: string,
      authorization: (alice: string, bob: string) => string,
      protocols: (alice: string, bob: string) => string,
    ]
  >([
    ['header alice, subprotocol bob', (alice) => `Bearer ${alice}`, (_, bob) => `json.v1, bearer.${bob}`],
    ['the same one twice', (alice) => `Bearer ${alice}`, (alice) => `json.v1, bearer.${alice}`],
    ['a good one and garbage', () => 'Bearer x', (alice) => `json.v1, bearer.${alice}`],
    ['two in a header', (alice, bob) => `Bearer ${alice}, Bearer ${bob}`, () => 'json.v1'],
  ])('AN-04 both explicit are refused, and neither is verified: %s', async (_, authorization, protocols) => {
    const [alice, bob] = [app().token(), app().token({ sub: 'bob' })];
    const fields = [
      ...withField(goodFields(app()), 'Authorization', authorization(alice, bob)),
      ['Sec-WebSocket-Protocol', protocols(alice, bob)],
      ['Origin', APP_ORIGIN],
    ] as const;
    expectWholeRefusal(await refusalOf(app(), { fields }), 401);
  });

  it('AN-04 two tokens among the subprotocols are refused', async () => {
    const fields = [
      ...withField(goodFields(app()), 'Authorization'),
      ['Sec-WebSocket-Protocol', `json.v1, bearer.${app().token()}, bearer.${app().token({ sub: 'bob' })}`],
      ['Origin', APP_ORIGIN],
    ] as const;
    expectWholeRefusal(await refusalOf(app(), { fields }), 401);
  });
});
