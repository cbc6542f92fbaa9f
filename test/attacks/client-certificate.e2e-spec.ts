import { randomBytes, X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type ClientCertificate,
  type ClientCertificateIdentity,
  type SessionIdentity,
  WsClientCertificateMapper,
  WsCsrfTokens,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CertificateAuthority,
  type CertificateShape,
  type Issued,
  SERVER_AUTH,
} from '../support/certificate-authority.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { APP_ORIGIN, type AppShape, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const GATEWAY = 'spiffe://example.com/gateway/7';

@Injectable()
class Devices extends WsClientCertificateMapper {
  seen: ClientCertificate[] = [];

  override identify(certificate: ClientCertificate): ClientCertificateIdentity | undefined {
    this.seen.push(certificate);
    const { subject, uris, emails } = certificate;
    if (uris.length === 1 && uris[0] === GATEWAY) return { id: GATEWAY, roles: ['gateway'] };
    if (emails.length === 1) return { id: emails[0] ?? '' };
    if (subject === 'O=Example, CN=alice') return { id: 'alice' };
    if (subject === 'CN=broken') throw new Error('The directory is away.');
    return subject === 'CN=nobody' ? undefined : { id: `other ${subject}` };
  }
}

let root: CertificateAuthority;
let stranger: CertificateAuthority;

beforeAll(async () => {
  [root, stranger] = await Promise.all([CertificateAuthority.create(), CertificateAuthority.create()]);
});

type Certificates = NonNullable<NonNullable<AppShape['options']>['authentication']>['clientCertificate'];

const start = (clientCertificate: Certificates, shape: AppShape = {}): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway, Devices],
    https: { ca: root.cert, requestCert: true, rejectUnauthorized: false },
    ...shape,
    options: {
      ...shape.options,
      authentication: { jwt: TEST_JWT, ...(clientCertificate !== undefined && { clientCertificate }) },
    },
  });

const of = ({ cert, key }: Issued, shape: ClientShape = {}): ClientShape => ({ ...shape, ws: { cert, key } });

const client = (shape: CertificateShape): Promise<Issued> => root.issue(shape);

describe('a client certificate', () => {
  const programs = { clients: 'programs', mapper: Devices } as const;

  it('TR-04 is an identity by its fingerprint, with or without colons', async () => {
    const [one, other] = await Promise.all([client({ subject: 'CN=nobody' }), client({ subject: 'CN=nobody' })]);
    const fingerprints = {
      [one.fingerprint]: { id: 'one' },
      [other.fingerprint.replaceAll(':', '').toLowerCase()]: { id: 'other', roles: ['admin'] },
    };
    const app = await start({ clients: 'programs', fingerprints });
    for (const issued of [one, other]) expect(await handshake(`${app.url}/echo`, of(issued))).toBe('open');
    expect(await handshake(`${app.url}/echo`, of(await client({ subject: 'CN=nobody' })))).toMatchObject({
      status: 401,
    });
    const method = 'client-certificate:client-certificate';
    expect(app.events.ofType('ws.connection.opened')).toMatchObject([{ method }, { method }]);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'bad-subject' }]);
  });

  it.each<readonly [what: string, id: string, shape: CertificateShape]>([
    ['its URI', GATEWAY, { subject: 'CN=any', names: [{ type: 'url', value: GATEWAY }] }],
    [
      'its e-mail address',
      'bob@example.com',
      { subject: 'CN=any', names: [{ type: 'email', value: 'bob@example.com' }] },
    ],
    ['its exact name', 'alice', { subject: [{ O: ['Example'] }, { CN: ['alice'] }] }],
  ])('TR-04 is an identity by %s', async (_, id, shape) => {
    const app = await start(programs);
    const socket = await connect(`${app.url}/echo`, of(await client(shape)));
    await socket.request('echo', { text: 'x' });
    expect(app.app.get(EchoGateway).handled).toEqual([{ text: 'x', from: id }]);
  });

  it.each<readonly [what: string, shape: CertificateShape]>([
    ['a comma in the name', { subject: [{ CN: ['x, O=Example, CN=alice'] }] }],
    ['a line break in the name', { subject: [{ CN: ['x\nO=Example\nCN=alice'] }] }],
    ['one attribute that looks like two', { subject: [{ O: ['Example, CN=alice'] }] }],
    ['a URI that looks like two', { names: [{ type: 'url', value: `spiffe://evil/, URI:${GATEWAY}` }] }],
    ['a DNS name that looks like a URI', { names: [{ type: 'dns', value: `evil, URI:${GATEWAY}` }] }],
    ['a URI beside another one', { names: [GATEWAY, 'spiffe://evil/x'].map((value) => ({ type: 'url', value })) }],
    ['other case', { subject: [{ O: ['Example'] }, { CN: ['Alice'] }] }],
    ['more attributes', { subject: [{ O: ['Example'] }, { CN: ['alice'] }, { OU: ['x'] }] }],
  ])('TR-04 does not pass for another one with %s', async (_, shape) => {
    const app = await start(programs);
    const socket = await connect(`${app.url}/echo`, of(await client(shape)));
    await socket.request('echo', { text: 'x' });
    expect(app.app.get(EchoGateway).handled[0]?.from).toMatch(/^other /);
  });

  it.each<readonly [what: string, failure: string, issued: () => Promise<Issued>]>([
    [
      'of an authority that is not trusted',
      'bad-certificate',
      () => stranger.issue({ subject: 'O=Example, CN=alice' }),
    ],
    ['that has expired', 'bad-certificate', () => client({ notAfter: Date.now() - 60_000 })],
    ['that is not valid yet', 'bad-certificate', () => client({ notBefore: Date.now() + 600_000 })],
    ['of a server', 'bad-certificate', () => client({ usages: [SERVER_AUTH] })],
    ['without a usage', 'bad-certificate', () => client({ usages: [] })],
    ['that may be used for anything but clients', 'bad-certificate', () => client({ usages: ['1.3.6.1.5.5.7.3.3'] })],
    ['of a subject that stands for nobody', 'bad-subject', () => client({ subject: 'CN=nobody' })],
  ])('TR-04 AN-03 is refused like every bad credential: one %s', async (_, failure, issued) => {
    const app = await start(programs);
    const answer = await handshake(`${app.url}/echo`, of(await issued()));
    const other = await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' });
    expect(answer).toEqual(other);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ status: 401, failure }, { status: 401 }]);
  });

  it('TR-04 AN-03 is refused where the application cannot be asked, and where there is none', async () => {
    const app = await start(programs);
    expect(await handshake(`${app.url}/echo`, of(await client({ subject: 'CN=broken' })))).toMatchObject({
      status: 503,
    });
    expect(await handshake(`${app.url}/echo`)).toMatchObject({ status: 401 });
  });

  it('TR-04 SL-02 is judged by the clock of the application, and its connection ends with it', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start(programs, {
      clock,
      options: { lifecycle: { maxLifetimeMs: 200_000_000, idleTimeoutMs: 200_000_000, pingIntervalMs: 200_000_000 } },
    });
    const issued = await client({ subject: 'CN=a' });
    const socket = await connect(`${app.url}/echo`, of(issued));
    clock.advance(25 * 3_600_000);
    await socket.expectClose(4001);
    expect(await handshake(`${app.url}/echo`, of(issued))).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'expired' }]);
  });

  it('TR-04 AN-04 beside a token decides nothing, and one of another subject refuses', async () => {
    const app = await start(programs);
    const alice = await client({ subject: [{ O: ['Example'] }, { CN: ['alice'] }] });
    const bob = await client({ subject: 'CN=bob' });
    const invalid = await stranger.issue({ subject: 'CN=bob' });
    expect(await handshake(`${app.url}/echo`, of(alice, { token: app.token() }))).toBe('open');
    expect(await handshake(`${app.url}/echo`, of(invalid, { token: app.token() }))).toBe('open');
    expect(await handshake(`${app.url}/echo`, of(bob, { token: app.token() }))).toMatchObject({ status: 401 });
    // A bad token never falls back to the good certificate.
    expect(await handshake(`${app.url}/echo`, of(alice, { token: 'aaaa.bbbb.cccc' }))).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.connection.opened').map(({ method }) => method)).toEqual([
      'jwt:authorization',
      'jwt:authorization',
    ]);
  });

  it('TR-04 has a warning at boot where the server asks for none, and no proxy passes them on', async () => {
    const app = await start(programs, { https: true });
    const option = 'authentication.clientCertificate';
    expect(app.events.ofType('ws.config.weak')).toMatchObject([{ option }]);
    const asking = await start(programs);
    expect(asking.events.ofType('ws.config.weak')).toEqual([]);
  });

  it('TR-04 is nothing where no gateway takes it', async () => {
    const app = await start(undefined);
    expect(await handshake(`${app.url}/echo`, of(await client({ subject: 'CN=a' })))).toMatchObject({ status: 401 });
  });
});

describe('a page that rides on a client certificate', () => {
  it('TR-04 HS-04 gets nowhere where programs hold them: no browser leaves Origin out', async () => {
    const app = await start({ clients: 'programs', mapper: Devices });
    const issued = await client({ subject: 'CN=a' });
    for (const origin of [APP_ORIGIN, 'https://evil.example', 'null']) {
      expect(await handshake(`${app.url}/echo`, of(issued, { origin }))).toMatchObject({ status: 403 });
    }
    expect(await handshake(`${app.url}/echo`, of(issued))).toBe('open');
    const reason = 'origin-not-allowed';
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason }, { reason }, { reason }]);
  });

  it('TR-04 HS-04 HS-18 needs an allowed origin and a token for the certificate where browsers hold them', async () => {
    const app = await start({ clients: 'browsers', mapper: Devices, csrf: { secret: randomBytes(32) } });
    const [issued, other] = await Promise.all([client({ subject: 'CN=a' }), client({ subject: 'CN=b' })]);
    const csrf = ({ fingerprint }: Issued): string =>
      `csrf.${app.app.get(WsCsrfTokens).issue(fingerprint.replaceAll(':', '').toLowerCase())}`;
    const attempt = (origin: string | undefined, ...tokens: string[]) =>
      handshake(
        `${app.url}/echo`,
        of(issued, { ...(origin !== undefined && { origin }), protocols: ['json.v1', ...tokens] }),
      );
    expect(await attempt(APP_ORIGIN, csrf(issued))).toBe('open');
    expect(await attempt(APP_ORIGIN)).toMatchObject({ status: 403 });
    expect(await attempt(APP_ORIGIN, csrf(other))).toMatchObject({ status: 403 });
    expect(await attempt(APP_ORIGIN, csrf(issued), csrf(issued))).toMatchObject({ status: 403 });
    expect(await attempt('https://evil.example', csrf(issued))).toMatchObject({ status: 403 });
    expect(await attempt(undefined, csrf(issued))).toMatchObject({ status: 403 });
    const token = { token: app.token() };
    expect(await handshake(`${app.url}/echo`, of(issued, token))).toMatchObject({ status: 403 });
    expect(app.events.ofType('ws.handshake.refused').map(({ reason }) => reason)).toEqual([
      'csrf',
      'csrf',
      'csrf',
      'origin-not-allowed',
      'origin-missing',
      'origin-missing',
    ]);
  });
});

describe('a client certificate beside a session cookie', () => {
  class Sessions extends WsSessionVerifier {
    override verify(cookie: string): Promise<SessionIdentity> {
      return Promise.resolve({ id: cookie, sessionId: `s-${cookie}` });
    }
  }

  it('TR-04 AN-04 stands aside for the session, and refuses where it is of another subject', async () => {
    const session = { cookie: 'sid', verifier: Sessions, csrf: { secret: randomBytes(32) } };
    const authentication = { session, clientCertificate: { clients: 'browsers', mapper: Devices } } as const;
    const app = await startApp({
      providers: [EchoGateway, Devices, Sessions],
      https: { ca: root.cert, requestCert: true, rejectUnauthorized: false },
      options: { authentication },
    });
    const csrf = `csrf.${app.app.get(WsCsrfTokens).issue('s-alice')}`;
    const page = { origin: APP_ORIGIN, headers: { Cookie: 'sid=alice' }, protocols: ['json.v1', csrf] };
    const alice = await client({ subject: [{ O: ['Example'] }, { CN: ['alice'] }] });
    expect(await handshake(`${app.url}/echo`, of(alice, page))).toBe('open');
    expect(await handshake(`${app.url}/echo`, page)).toBe('open');
    expect(await handshake(`${app.url}/echo`, of(await client({ subject: 'CN=bob' }), page))).toMatchObject({
      status: 401,
    });
    const method = 'session:cookie';
    expect(app.events.ofType('ws.connection.opened')).toMatchObject([{ method }, { method }]);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'ambiguous' }]);
  });
});

describe('a client certificate in a field', () => {
  const clientCertificate = { certificate: 'X-SSL-Client-Cert', verified: 'X-SSL-Client-Verify' };
  const behind = (addresses: readonly string[], shape: AppShape = {}): Promise<RunningApp> => {
    const trustedProxies = { addresses, header: 'x-forwarded-for', clientCertificate } as const;
    const handshakeOptions = { trustedProxies, hosts: ['127.0.0.1'] };
    return start({ clients: 'programs', mapper: Devices }, { ...shape, options: { handshake: handshakeOptions } });
  };
  const pem = ({ cert }: Issued): string => encodeURIComponent(new X509Certificate(cert).toString());
  const der = ({ cert }: Issued): string => new X509Certificate(cert).raw.toString('base64');
  const PROXY = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' };
  const sent = (certificate: string | string[], verified: string | string[] = 'SUCCESS'): ClientShape => ({
    headers: { ...PROXY, 'X-SSL-Client-Cert': certificate, 'X-SSL-Client-Verify': verified },
  });

  it('TR-04 is believed from a listed proxy that has verified it, in both forms', async () => {
    const app = await behind(['127.0.0.1'], { https: false });
    const issued = await client({ subject: 'CN=a' });
    for (const text of [pem(issued), der(issued)]) expect(await handshake(`${app.url}/echo`, sent(text))).toBe('open');
  });

  it('TR-04 is ignored and audited from anybody else, without its value', async () => {
    const app = await behind(['192.0.2.1']);
    const text = pem(await client({ subject: 'CN=a' }));
    for (let i = 0; i < 2; i++) expect(await handshake(`${app.url}/echo`, sent(text))).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'missing' }, { failure: 'missing' }]);
    expect(app.events.ofType('ws.handshake.forwarding-ignored').map(({ header }) => header)).toEqual([
      'x-forwarded-for',
      'x-ssl-client-cert',
    ]);
    expect(JSON.stringify(app.events.events)).not.toContain(text.slice(40, 80));
  });

  it('TR-04 is ignored where no proxy is trusted, and beside the certificate of the socket', async () => {
    const app = await start({ clients: 'programs', mapper: Devices });
    const headers = sent(pem(await client({ names: [{ type: 'url', value: GATEWAY }] })));
    expect(await handshake(`${app.url}/echo`, headers)).toMatchObject({ status: 401 });
    const socket = await connect(`${app.url}/echo`, of(await client({ subject: 'CN=a' }), headers));
    await socket.request('echo', { text: 'x' });
    expect(app.app.get(EchoGateway).handled[0]?.from).toBe('other CN=a');
  });

  it.each<readonly [what: string, failure: string, shape: (issued: Issued) => ClientShape]>([
    [
      'that was not verified',
      'bad-certificate',
      (issued) => sent(pem(issued), 'FAILED:unable to verify the first certificate'),
    ],
    ['without a word', 'bad-certificate', (issued) => ({ headers: { ...PROXY, 'X-SSL-Client-Cert': pem(issued) } })],
    ['with the word in other case', 'bad-certificate', (issued) => sent(pem(issued), 'success')],
    ['with two words', 'bad-certificate', (issued) => sent(pem(issued), ['SUCCESS', 'NONE'])],
    ['twice', 'malformed', (issued) => sent([pem(issued), pem(issued)])],
    ['that is none', 'malformed', () => sent('aaaa')],
    ['with broken encoding', 'malformed', () => sent('%E0%A4%A')],
    ['as a private key', 'malformed', ({ key }) => sent(encodeURIComponent(key))],
    ['that is missing', 'missing', () => sent('', 'SUCCESS')],
    ['that is missing, and said to be', 'missing', () => sent('', 'NONE')],
  ])('TR-04 is refused from a listed proxy: one %s', async (_, failure, shape) => {
    const app = await behind(['127.0.0.1'], { https: false });
    expect(await handshake(`${app.url}/echo`, shape(await client({ subject: 'CN=a' })))).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure }]);
  });

  it('TR-04 is not that of the proxy itself', async () => {
    const app = await behind(['127.0.0.1']);
    const proxy = await client({ subject: 'CN=proxy' });
    expect(await handshake(`${app.url}/echo`, of(proxy, { headers: PROXY }))).toMatchObject({ status: 401 });
    expect(await handshake(`${app.url}/echo`, of(proxy, { headers: {} }))).toMatchObject({ status: 401 });
    const socket = await connect(`${app.url}/echo`, of(proxy, sent(der(await client({ subject: 'CN=a' })))));
    await socket.request('echo', { text: 'x' });
    expect(app.app.get(EchoGateway).handled[0]?.from).toBe('other CN=a');
  });

  it('TR-04 DP-07 cannot be stripped by a Connection field, whatever its name', async () => {
    const trustedProxies = {
      addresses: ['127.0.0.1'],
      header: 'x-forwarded-for',
      clientCertificate: { certificate: 'Cert', verified: 'Cert-Ok' },
    } as const;
    const app = await start({ clients: 'programs', mapper: Devices }, { options: { handshake: { trustedProxies } } });
    for (const name of ['cert', 'CERT-OK']) {
      const fields = withField(goodFields(app), 'Connection', `Upgrade, ${name}`);
      expectWholeRefusal(await refusalOf(app, { fields }), 400);
    }
  });
});
