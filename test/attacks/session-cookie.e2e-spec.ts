import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type SessionIdentity, WsCsrfTokens, WsSessionVerifier } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { APP_ORIGIN, sharedApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const SESSIONS: Readonly<Record<string, SessionIdentity>> = {
  'signed-alice': { id: 'alice', sessionId: 's-alice' },
  'signed-bob': { id: 'bob', sessionId: 's-bob' },
};

@Injectable()
class Sessions extends WsSessionVerifier {
  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    return Promise.resolve(Object.hasOwn(SESSIONS, cookie) ? SESSIONS[cookie] : undefined);
  }
}

describe('a session cookie', () => {
  const app = sharedApp({
    providers: [EchoGateway],
    options: {
      authentication: {
        jwt: TEST_JWT,
        session: { cookie: '__Host-sid', verifier: Sessions, csrf: { secret: randomBytes(32) } },
      },
    },
  });
  const csrf = (sessionId: string): string => `csrf.${app().app.get(WsCsrfTokens).issue(sessionId)}`;
  const page = (cookie: string, protocols: readonly string[], more: ClientShape = {}): ClientShape => ({
    origin: APP_ORIGIN,
    headers: { Cookie: cookie },
    protocols: ['json.v1', ...protocols],
    ...more,
  });

  it('HS-18 AN-08 opens a connection with the CSRF token of its session', async () => {
    const shape = page('theme=dark; __Host-sid=signed-alice', [csrf('s-alice')]);
    expect(await handshake(`${app().url}/echo`, shape)).toBe('open');
    expect(app().events.ofType('ws.connection.opened')).toMatchObject([{ method: 'session:cookie' }]);
  });

  it.each<readonly [what: string, status: number, shape: () => ClientShape]>([
    ['HS-18 without a CSRF token', 403, () => page('__Host-sid=signed-alice', [])],
    ['HS-18 with the CSRF token of another session', 403, () => page('__Host-sid=signed-alice', [csrf('s-bob')])],
    ['HS-18 with two CSRF tokens', 403, () => page('__Host-sid=signed-alice', [csrf('s-alice'), csrf('s-alice')])],
    [
      'HS-01 from another origin',
      403,
      () => page('__Host-sid=signed-alice', [csrf('s-alice')], { origin: 'https://evil.example' }),
    ],
    ['AN-08 twice', 401, () => page('__Host-sid=signed-alice; __Host-sid=signed-bob', [csrf('s-alice')])],
    ['AN-08 tampered with', 401, () => page('__Host-sid=signed-alicf', [csrf('s-alice')])],
    ['AN-08 of an unknown session', 401, () => page('__Host-sid=unknown', [csrf('s-alice')])],
    ['AN-08 under another name', 401, () => page('__host-sid=signed-alice', [csrf('s-alice')])],
    [
      'AN-04 J31 of another user than the token',
      401,
      () => page('__Host-sid=signed-bob', [], { token: app().token() }),
    ],
  ])('%s is refused with %d', async (_, status, shape) => {
    expect(await handshake(`${app().url}/echo`, shape())).toMatchObject({ status });
  });

  it('HS-04 is refused without an Origin', async () => {
    const shape = { headers: { Cookie: '__Host-sid=signed-alice' }, protocols: ['json.v1', csrf('s-alice')] };
    expect(await handshake(`${app().url}/echo`, shape)).toMatchObject({ status: 403 });
  });

  it('AN-04 stands aside for a token of the same user', async () => {
    expect(await handshake(`${app().url}/echo`, page('__Host-sid=signed-alice', [], { token: app().token() }))).toBe(
      'open',
    );
  });
});
