import { createHmac } from 'node:crypto';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  type PrincipalInput,
  SecureGateway,
  type SessionIdentity,
  WsAuthenticator,
  type WsCredential,
  WsCsrfTokens,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

const STAFF_JWT = { ...TEST_JWT, secret: 'another-secret-of-the-test-suite-that-guards-nothing' };

class Sessions extends WsSessionVerifier {
  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    return Promise.resolve({ id: cookie, sessionId: 's-1' });
  }
}
const SESSION = {
  cookie: 'sid',
  verifier: Sessions,
  csrf: { secret: 'a-csrf-secret-of-the-test-suite-that-guards-nothing' },
};
const STAFF_SESSION = {
  ...SESSION,
  cookie: 'staff',
  csrf: { secret: 'a-second-csrf-secret-of-the-suite-guarding-nothing' },
};

@SecureGateway({ authentication: { jwt: STAFF_JWT, session: STAFF_SESSION } })
@WebSocketGateway({ path: '/staff' })
class StaffGateway {}

/** A token of the identity provider that only the staff's gateway trusts. */
function staffToken(sub: string): string {
  const [header = '', claims = ''] = testToken({ sub }).split('.');
  return `${header}.${claims}.${createHmac('sha256', STAFF_JWT.secret).update(`${header}.${claims}`).digest('base64url')}`;
}

const page = (url: string, cookie: string, token: string) =>
  connect(url, { origin: APP_ORIGIN, protocols: ['json.v1', `csrf.${token}`], headers: { Cookie: cookie } });

describe('two people of one name', () => {
  const limits = { maxOpenPerPrincipal: 1, maxOpenPerSession: 1 };
  const shape = {
    providers: [EchoGateway, StaffGateway],
    options: { handshake: { limits }, authentication: { jwt: TEST_JWT, session: SESSION } },
  };

  it('DR-03 F26 keep their places apart where two blocks of tokens name one issuer', async () => {
    const app = await startApp(shape);
    await connect(`${app.url}/echo`, { token: app.token({ sub: '1' }) });
    expect(await handshake(`${app.url}/echo`, { token: app.token({ sub: '1' }) })).toMatchObject({ status: 429 });
    expect(await handshake(`${app.url}/staff`, { token: staffToken('1') })).toBe('open');
    const keys = app.events.ofType('ws.connection.opened').map(({ principal }) => principal);
    expect(new Set(keys).size).toBe(2);
    expect(await handshake(`${app.url}/staff`, { token: app.token({ sub: '1' }) })).toMatchObject({ status: 401 });
  });

  it('HS-18 F26 F43 keep their places apart where a gateway has sessions of its own, whose pages get tokens', async () => {
    const app = await startApp(shape);
    const tokens = app.app.get(WsCsrfTokens);
    await page(`${app.url}/echo`, 'sid=alice', tokens.issue('s-1'));
    await page(`${app.url}/staff`, 'staff=alice', tokens.issue('s-1', StaffGateway));
    const accepted = app.events.ofType('ws.connection.opened');
    expect(new Set(accepted.map(({ principal }) => principal)).size).toBe(2);
    await expect(page(`${app.url}/staff`, 'staff=bob', tokens.issue('s-1'))).rejects.toThrow('403');
  });
});

/** Answers what an inattentive author of an authenticator might. */
class Inattentive extends WsAuthenticator {
  override readonly kind = 'inattentive';

  override accepts({ scheme }: WsCredential): boolean {
    return scheme === 'bearer';
  }

  override authenticate({ value }: WsCredential): Promise<PrincipalInput> {
    const soon = Date.now() + 60_000;
    const changes: Readonly<Record<string, unknown>> = {
      date: { expiresAt: new Date(soon) },
      text: { expiresAt: String(soon) },
      bigint: { expiresAt: BigInt(soon) },
      role: { roles: 'admin' },
      name: { id: '__proto__' },
      control: { id: 'alice\u0000' },
      past: { expiresAt: Date.now() - 1 },
    };
    return Promise.resolve({ issuer: 'test', id: 'alice', ...(changes[value] as object) });
  }
}

describe('an authenticator that answers what is no principal', () => {
  it.each(['date', 'text', 'bigint', 'role', 'name', 'control'])('F05 admits nobody with it: %s', async (token) => {
    const app = await startApp({
      providers: [EchoGateway],
      options: { authentication: { authenticators: [new Inattentive()] } },
    });
    expect(await handshake(`${app.url}/echo`, { token })).toMatchObject({ status: 500 });
    expect(app.app.get(EchoGateway)).toMatchObject({ connections: 0 });
    expect(app.log.lines.join('\n')).toMatch(/authenticators\[0\] answered a principal whose (?:expiresAt|roles|id) /);
    expect(await handshake(`${app.url}/echo`, { token: 'good' })).toBe('open');
  });

  it('F05 runs no hook for an identity that has ended', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      options: { authentication: { authenticators: [new Inattentive()] } },
    });
    expect(await handshake(`${app.url}/echo`, { token: 'past' })).toMatchObject({ status: 401 });
    expect(app.app.get(EchoGateway)).toMatchObject({ connections: 0 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'expired' }]);
  });
});
