import { createPrincipal, type Principal, WsAuthenticator, type WsCredential } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { attackedJwtOptions, JWT_ATTACKS, makeForgeKeys } from '../support/forge-jwt.js';
import { answerTo, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { sharedApp, startApp } from '../support/start-app.js';

/** As much as Node's parser lets through beside the other fields. */
const LONG = 15_000;
const EXTENSIONS = 'Sec-WebSocket-Extensions';
const PROTOCOLS = 'Sec-WebSocket-Protocol';

describe.each(['express', 'fastify'] as const)('a header that is slow to read, on %s', (platform) => {
  const app = sharedApp({ providers: [EchoGateway], platform });

  // CVE-2021-32640 (ws), CVE-2020-7662 and CVE-2020-7663 (websocket-extensions). Node's own bound keeps a head too short
  // for a quadratic reader to be noticed here: the specs of the parsers read far longer ones.
  it.each<readonly [what: string, name: string, value: string, status: number]>([
    ['blanks between subprotocols', PROTOCOLS, `a${' '.repeat(LONG)}b`, 400],
    ['blanks and tabs', PROTOCOLS, `a${' \t'.repeat(LONG / 2)}b`, 400],
    ['blanks in an entry behind a good one', PROTOCOLS, `json.v1, a${' '.repeat(LONG)}b`, 400],
    ['commas', PROTOCOLS, ','.repeat(LONG), 400],
    ['blanks before a subprotocol of nobody', PROTOCOLS, `json.v1,${' '.repeat(LONG)}json.v1`, 400],
    ['an open quote with escapes', EXTENSIONS, `a; b="${'\\c'.repeat(LONG / 2)}`, 101],
    ['blanks in a parameter', EXTENSIONS, `a; b${' '.repeat(LONG)}=c`, 101],
    ['a host that is almost a name', 'Host', `${'a'.repeat(250)}!`, 400],
    ['labels of a host that is almost a name', 'Host', `${'a.'.repeat(120)}!`, 400],
    ['an origin that is almost one', 'Origin', `https://${'a-'.repeat(120)}!`, 403],
    ['66,000 blanks', PROTOCOLS, `a${' '.repeat(66_000)}b`, 431],
    ['66,000 characters of escapes', EXTENSIONS, `a; b="${'\\c'.repeat(33_000)}`, 431],
  ])('DR-22 is answered, and the next handshake too: %s', async (_, name, value, status) => {
    const fields = withField(goodFields(app()), name, value);
    expect((await answerTo(app(), { fields })).status).toBe(status);
    expect((await answerTo(app())).status).toBe(101);
  });
});

describe('a forwarding field that is slow to read', () => {
  it.each([
    ['forwarded', 'Forwarded', `for=a,${' \t'.repeat(LONG / 2)}b`],
    ['forwarded', 'Forwarded', `for=a${' \t'.repeat(LONG / 2)}b`],
    ['forwarded', 'Forwarded', `for="${'a'.repeat(LONG)}`],
    ['x-forwarded-for', 'X-Forwarded-For', `${' \t'.repeat(LONG / 2)}!`],
    ['x-real-ip', 'X-Real-IP', `${'1.'.repeat(LONG / 2)}!`],
  ] as const)('DR-22 is answered, and the next handshake too: %s', async (header, name, value) => {
    const trustedProxies = { addresses: ['127.0.0.1'], header };
    const hosts = ['127.0.0.1', 'localhost'];
    const handshake = { origins: [], hosts, trustedProxies, dangerouslyAllowPlaintext: true };
    const app = await startApp({ providers: [EchoGateway], options: { handshake } });
    const fields = withField(goodFields(app), name, value);
    expect((await answerTo(app, { fields })).status).toBe(400);
    const plain = name === 'Forwarded' ? 'for=192.0.2.1' : '192.0.2.1';
    expect((await answerTo(app, { fields: withField(goodFields(app), name, plain) })).status).toBe(101);
  });
});

/** Counts how often it is asked. */
class CountingAuthenticator extends WsAuthenticator {
  override readonly kind = 'counting';
  asked = 0;

  override accepts(): boolean {
    return true;
  }

  override authenticate({ value }: WsCredential): Promise<Principal> {
    this.asked++;
    return Promise.resolve(createPrincipal({ kind: this.kind, issuer: 'test', id: value, authenticatedAt: 0 }));
  }
}

describe('a credential that is costly to verify', () => {
  it('DR-23 of a megabyte reaches no authenticator', async () => {
    const authenticator = new CountingAuthenticator();
    const app = await startApp({
      providers: [EchoGateway],
      options: { authentication: { authenticators: [authenticator] } },
    });
    const fields = withField(goodFields(app), 'Authorization', `Bearer ${'a'.repeat(1_000_000)}`);
    expect((await answerTo(app, { fields })).status).toBe(431);
    expect(authenticator.asked).toBe(0);
  });

  it('DR-23 is not verified more often than the rate of its address allows', async () => {
    const authenticator = new CountingAuthenticator();
    const app = await startApp({
      providers: [EchoGateway],
      clock: new FakeClock(Date.now()),
      options: {
        authentication: { authenticators: [authenticator] },
        handshake: { origins: [], limits: { ratePerAddress: { limit: 5, ttl: 10_000 } } },
      },
    });
    const statuses = [];
    for (let sent = 0; sent < 20; sent++) statuses.push((await answerTo(app)).status);
    expect(statuses).toEqual([...Array<number>(5).fill(101), ...Array<number>(15).fill(429)]);
    expect(authenticator.asked).toBe(5);
  });

  const keys = makeForgeKeys();
  it.each(JWT_ATTACKS.filter(({ name }) => /p2c|PBES2/.test(name)))(
    'DR-23 with key derivation is refused by its header: $name',
    async ({ token }) => {
      const app = await startApp({
        providers: [EchoGateway],
        options: { authentication: { jwt: attackedJwtOptions(keys) } },
      });
      const fields = withField(goodFields(app), 'Authorization', `Bearer ${token(keys)}`);
      expect((await refusalOf(app, { fields })).status).toBe(401);
      expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'unauthenticated' }]);
    },
  );
});
