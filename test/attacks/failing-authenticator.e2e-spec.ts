import { createPrincipal, type Principal, WsAuthenticator, WsClientCertificates } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../support/certificate-authority.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake, type Refusal } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class ScriptedAuthenticator extends WsAuthenticator {
  override readonly kind = 'scripted';
  calls = 0;

  constructor(private readonly script: () => unknown) {
    super();
  }

  override accepts(): boolean {
    return true;
  }

  override authenticate(): Promise<Principal> {
    this.calls += 1;
    return this.script() as Promise<Principal>;
  }
}

const MARKER = 'db-password-1234';
const good = () => createPrincipal({ kind: 'scripted', issuer: 'test', id: 'alice', authenticatedAt: 0 });

const FAILURES: readonly (readonly [what: string, script: () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error(MARKER);
    },
  ],
  [
    'throws a string',
    () => {
      throw MARKER;
    },
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
  ],
  ['rejects', () => Promise.reject(new Error(MARKER))],
  ['rejects with a string', () => Promise.reject(MARKER)],
  ['rejects with undefined', () => Promise.reject(undefined)],
  [
    'rejects with something that cannot be read',
    () =>
      Promise.reject(
        new Proxy(
          {},
          {
            get: () => {
              throw new Error(MARKER);
            },
          },
        ),
      ),
  ],
  ['answers undefined', () => Promise.resolve(undefined)],
  ['answers null', () => Promise.resolve(null)],
  ['answers true', () => Promise.resolve(true)],
  ['answers an empty object', () => Promise.resolve({})],
  ['answers nobody', () => Promise.resolve({ kind: 'anonymous', issuer: 'test', id: 'guest' })],
  ['answers without a promise and without a principal', () => undefined],
];

describe('an authenticator that fails', () => {
  it.each(FAILURES)('AN-03 refuses when it %s', async (_, script) => {
    const crashes = watchForCrashes();
    const authenticator = new ScriptedAuthenticator(script);
    const options = { authentication: { authenticators: [authenticator] } };
    const app = await startApp({ providers: [EchoGateway], options });

    const answer = await handshake(`${app.url}/echo`, { token: 'any' });
    expect(answer).not.toBe('open');
    const { status, body } = answer as Refusal;
    expect([401, 500, 503]).toContain(status);
    expect(body).not.toContain(MARKER);
    expect(app.events.events).toMatchObject([{ type: 'ws.handshake.refused', status }]);
    expect(app.app.get(EchoGateway)).toMatchObject({ connections: 0 });
    expect(authenticator.calls).toBe(1);
    expect(crashes).toEqual([]);
  });

  it('AN-03 refuses when it never answers, and a late answer opens nothing', async () => {
    const crashes = watchForCrashes();
    let answer: (principal: Principal) => void = () => undefined;
    const late = new Promise<Principal>((resolve) => {
      answer = resolve;
    });
    const authenticator = new ScriptedAuthenticator(() => late);
    const clock = new FakeClock(Date.now());
    const options = { authentication: { authenticators: [authenticator] } };
    const app = await startApp({ providers: [EchoGateway], options, clock });

    const attempt = handshake(`${app.url}/echo`, { token: 'any' });
    await until(() => authenticator.calls === 1, 'the authenticator is asked');
    clock.advance(5000);
    expect(await attempt).toMatchObject({ status: 503, headers: { 'retry-after': expect.any(String) as string } });
    answer(good());
    await new Promise(setImmediate);
    expect(app.app.get(EchoGateway)).toMatchObject({ connections: 0 });
    expect(app.events.events).toMatchObject([{ type: 'ws.handshake.refused', status: 503, reason: 'timeout' }]);
    expect(crashes).toEqual([]);
  });

  it('AN-03 admits a principal of whatever other kind, and a list of revoked certificates does not trip over it', async () => {
    const script = () => Promise.resolve({ ...good(), kind: 'client-certificate' });
    const options = { authentication: { authenticators: [new ScriptedAuthenticator(script)] } };
    const app = await startApp({ providers: [EchoGateway], options });
    const root = await CertificateAuthority.create();
    const { serialNumber } = await root.issue({ subject: 'CN=alice' });
    await app.app.get(WsClientCertificates).reload({ crl: await root.revoke([serialNumber]), ca: root.cert });
    const client = await connect(`${app.url}/echo`, { token: 'any' });
    expect(await client.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
  });

  it('AN-03 admits when it answers with a principal', async () => {
    const options = { authentication: { authenticators: [new ScriptedAuthenticator(() => Promise.resolve(good()))] } };
    const app = await startApp({ providers: [EchoGateway], options });
    expect(await handshake(`${app.url}/echo`, { token: 'any' })).toBe('open');
  });
});
