import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { APP_ORIGIN, sharedApp } from '../support/start-app.js';

describe('a client that does not say who it is', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  it.each<readonly [what: string, shape: ClientShape]>([
    ['nothing', {}],
    ['nothing, from an allowed page', { origin: APP_ORIGIN }],
    ['an empty bearer token', { headers: { Authorization: 'Bearer ' } }],
    ['a scheme without a token', { headers: { Authorization: 'Bearer' } }],
    ['a token without a scheme', { headers: { Authorization: 'abc' } }],
    ['a scheme that nobody verifies', { headers: { Authorization: 'Token abc' } }],
    ['a cookie, from an allowed page', { origin: APP_ORIGIN, headers: { Cookie: 'session=alice; token=alice' } }],
    ['a token in a field of its own', { headers: { 'X-Access-Token': 'abc' } }],
    ['an empty entry in the subprotocol list', { origin: APP_ORIGIN, protocols: ['json.v1', 'bearer.'] }],
  ])('AN-01 is refused before the upgrade: %s', async (_, shape) => {
    app().events.clear();
    expect(await handshake(`${app().url}/echo`, shape)).toMatchObject({ status: 401 });
    expect(app().app.get(EchoGateway)).toMatchObject({ connections: 0, handled: [] });
    const refused = app().events.ofType('ws.handshake.refused');
    expect(refused).toMatchObject([{ owasp: 'authn_login_fail', status: 401 }]);
  });

  it('AN-01 is refused with a good token in the query, which ends up in logs', async () => {
    const token = app().token();
    for (const name of ['token', 'access_token', 'auth', 'jwt']) {
      expect(await handshake(`${app().url}/echo?${name}=${token}`)).toMatchObject({ status: 401 });
    }
  });

  it('AN-01 is admitted once it brings a token, in either place', async () => {
    expect(await handshake(`${app().url}/echo`, { token: app().token() })).toBe('open');
    const asPage: ClientShape = { origin: APP_ORIGIN, token: app().token(), tokenIn: 'subprotocol' };
    expect(await handshake(`${app().url}/echo`, asPage)).toBe('open');
  });
});
