import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:https';
import { connect as connectTls } from 'node:tls';
import {
  type ClientCertificateIdentity,
  WsClientCertificateMapper,
  WsClientCertificates,
  WsRevocationService,
} from '@secure-ws/nestjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CertificateAuthority, type Issued } from '../support/certificate-authority.js';
import { deferred } from '../support/deferred.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

let root: CertificateAuthority;
let intermediate: Awaited<ReturnType<CertificateAuthority['authority']>>;
let alice: Issued;
let bob: Issued;

beforeAll(async () => {
  root = await CertificateAuthority.create();
  intermediate = await root.authority('CN=Devices');
  [alice, bob] = await Promise.all([root.issue({ subject: 'CN=alice' }), root.issue({ subject: 'CN=bob' })]);
});

class Names extends WsClientCertificateMapper {
  gate: Promise<unknown> | undefined;
  waiting = 0;

  override async identify({ subject }: { subject: string }): Promise<ClientCertificateIdentity> {
    this.waiting += 1;
    await this.gate;
    return { id: subject };
  }
}

const start = (mapper = new Names(), https: object = {}): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway],
    https: { ca: root.cert, requestCert: true, rejectUnauthorized: false, ...https },
    options: { authentication: { jwt: TEST_JWT, clientCertificate: { clients: 'programs', mapper } } },
  });

const of = ({ cert, key }: Issued): ClientShape => ({ ws: { cert, key } });
const reload = ({ app }: RunningApp, crl: string | string[], ca: string | string[] = root.cert): Promise<number> =>
  app.get(WsClientCertificates).reload({ crl, ca });

describe('a revoked client certificate', () => {
  it('TR-04 SL-05 closes its open connections and opens no other one; those of others stay', async () => {
    const app = await start();
    const [first, second, other] = [await connect(`${app.url}/echo`, of(alice)), await connect(`${app.url}/echo`, of(alice)), await connect(`${app.url}/echo`, of(bob))]; // prettier-ignore
    expect(await reload(app, await root.revoke([alice.serialNumber]))).toBe(2);
    for (const socket of [first, second]) await socket.expectClose(4504);
    expect(await other.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
    expect(await handshake(`${app.url}/echo`, of(alice))).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { failure: 'revoked', owasp: 'authn_token_revoked' },
    ]);
    expect(app.events.ofType('ws.connection.closed')).toMatchObject([{ reason: 'REVOKED' }, { reason: 'REVOKED' }]);
    // The lists of today, not those of all days.
    expect(await reload(app, await root.revoke([]))).toBe(0);
    expect(await handshake(`${app.url}/echo`, of(alice))).toBe('open');
  });

  it.each<readonly [form: string, of: (hex: string) => string]>([
    ['as OpenSSL prints it', (hex) => hex],
    ['in lower case without colons', (hex) => hex.replaceAll(':', '').toLowerCase()],
    ['as x5t#S256', (hex) => Buffer.from(hex.replaceAll(':', ''), 'hex').toString('base64url')],
  ])('TR-04 SL-05 is revoked by its fingerprint, without a list: %s', async (_, form) => {
    const app = await start();
    const socket = await connect(`${app.url}/echo`, of(alice));
    const other = await connect(`${app.url}/echo`, of(bob));
    const { fingerprint256 } = new X509Certificate(alice.cert);
    expect(await app.app.get(WsRevocationService).revokeCertificate(form(fingerprint256))).toBe(1);
    await socket.expectClose(4504);
    expect(await other.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
    expect(await handshake(`${app.url}/echo`, of(alice))).toMatchObject({ status: 401 });
  });

  it('TR-04 is refused where its TLS session from before is resumed', async () => {
    // A key for tickets that all nodes share outlives the secure context.
    const app = await start(new Names(), { ticketKeys: Buffer.alloc(48, 7), maxVersion: 'TLSv1.2' });
    const { cert, key } = alice;
    const first = connectTls({ port: app.port, host: '127.0.0.1', cert, key, rejectUnauthorized: false });
    onTestFinished(() => void first.destroy());
    const [session] = (await once(first, 'session')) as [Buffer];
    const crl = await root.revoke([alice.serialNumber]);
    await reload(app, crl);
    const shape = { ws: { cert, key, session } } as ClientShape;
    let isReused = false;
    (app.app.getHttpServer() as Server).once('secureConnection', (socket) => {
      isReused = socket.isSessionReused();
    });
    expect(await handshake(`${app.url}/echo`, shape)).toMatchObject({ status: 401 });
    expect(isReused).toBe(true);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'revoked' }]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'TR-04 is refused where its authority is revoked, and its session is resumed without its chain: %s',
    async (maxVersion) => {
      const app = await start(new Names(), { ticketKeys: Buffer.alloc(48, 7), maxVersion });
      const { cert, key } = await intermediate.issue({ subject: 'CN=device' });
      const first = connectTls({ port: app.port, host: '127.0.0.1', cert, key, rejectUnauthorized: false });
      onTestFinished(() => void first.destroy());
      const [session] = (await once(first, 'session')) as [Buffer];
      const isReused: boolean[] = [];
      (app.app.getHttpServer() as Server).on('secureConnection', (socket) => isReused.push(socket.isSessionReused()));
      const resumed = (): ReturnType<typeof handshake> =>
        handshake(`${app.url}/echo`, { ws: { cert, key, session } } as ClientShape);
      expect(await resumed()).toBe('open');
      const [other, its] = await Promise.all([root.revoke([alice.serialNumber]), root.revoke([intermediate.serialNumber])]); // prettier-ignore
      await reload(app, other, [root.cert, intermediate.cert]);
      expect(await resumed()).toBe('open');
      // Nobody has said who its authority is; in a full handshake it says so itself.
      await reload(app, other);
      expect(await resumed()).toMatchObject({ status: 401 });
      expect(await handshake(`${app.url}/echo`, { ws: { cert, key } })).toBe('open');
      for (const ca of [root.cert, [root.cert, intermediate.cert]]) {
        await reload(app, its, ca);
        expect(await resumed()).toMatchObject({ status: 401 });
      }
      expect(isReused).toEqual([true, true, true, false, true, true]);
    },
  );

  it('TR-04 is refused where its authority is revoked', async () => {
    const app = await start();
    const device = await intermediate.issue({ subject: 'CN=device' });
    const socket = await connect(`${app.url}/echo`, of(device));
    expect(await reload(app, await root.revoke([intermediate.serialNumber]))).toBe(1);
    await socket.expectClose(4504);
    expect(await handshake(`${app.url}/echo`, of(device))).toMatchObject({ status: 401 });
  });

  it('TR-04 opens nothing while the application looks, nor after', async () => {
    const mapper = new Names();
    const gate = deferred();
    mapper.gate = gate.promise;
    const app = await start(mapper);
    const attempt = handshake(`${app.url}/echo`, of(alice));
    await until(() => mapper.waiting === 1, 'the application is asked');
    await reload(app, await root.revoke([alice.serialNumber]));
    gate.resolve();
    expect(await attempt).toMatchObject({ status: 401 });
  });

  it('TR-04 is told from one of another authority with the same number', async () => {
    const app = await start();
    const socket = await connect(`${app.url}/echo`, of(alice));
    expect(await reload(app, await intermediate.revoke([alice.serialNumber]), [root.cert, intermediate.cert])).toBe(0);
    expect(await socket.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
  });

  it('TR-04 is not decided by a list that is forged, has ended or is none: the one from before stays', async () => {
    const app = await start();
    const forger = await CertificateAuthority.create(root.name);
    await reload(app, await root.revoke([alice.serialNumber]));
    const socket = await connect(`${app.url}/echo`, of(bob));
    const good = await root.revoke([bob.serialNumber]);
    for (const [crl, ca] of [
      [await forger.revoke([bob.serialNumber]), root.cert],
      [await forger.revoke([]), root.cert],
      [[good, await forger.revoke([])], root.cert],
      [await root.revoke([bob.serialNumber], Date.now() - 1000), root.cert],
      [good, intermediate.cert],
      ['', root.cert],
      ['-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----', root.cert],
      [good, ''],
    ] as const) {
      await expect(reload(app, crl as string, ca)).rejects.toThrow(Error);
    }
    expect(await socket.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
    expect(await handshake(`${app.url}/echo`, of(alice))).toMatchObject({ status: 401 });
  });

  it('TR-04 takes calls in their order', async () => {
    const app = await start();
    const many = await root.revoke([
      alice.serialNumber,
      ...Array.from({ length: 2000 }, (_, i) => `5a${(i + 4096).toString(16)}`),
    ]);
    await Promise.all([reload(app, many), reload(app, await root.revoke([]))]);
    expect(await handshake(`${app.url}/echo`, of(alice))).toBe('open');
  });

  it('TR-04 fails its TLS check where the context of the server has the list as well', async () => {
    const app = await start();
    const crl = await root.revoke([alice.serialNumber]);
    const server = app.app.getHttpServer() as Server;
    server.setSecureContext({ ...(await loadCertificate(undefined)), ca: root.cert, crl });
    expect(await handshake(`${app.url}/echo`, of(alice))).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'bad-certificate' }]);
    expect(await handshake(`${app.url}/echo`, of(bob))).toBe('open');
  });
});

describe('a token that is bound to a revoked certificate', () => {
  /** Where certificates are nobody's identity. */
  const startBound = (https: object = {}): Promise<RunningApp> =>
    startApp({
      providers: [EchoGateway],
      https: { ca: root.cert, requestCert: true, rejectUnauthorized: false, ...https },
    });

  const bindingTo = ({ cert }: Issued): { cnf: { 'x5t#S256': string } } => {
    const { raw } = new X509Certificate(cert);
    return { cnf: { 'x5t#S256': createHash('sha256').update(raw).digest('base64url') } };
  };

  it('TR-04 AN-06 F10 closes its open connections and opens no other one; those of others stay', async () => {
    const app = await startBound();
    const [own, others] = [app.token(bindingTo(alice)), app.token({ sub: 'bob', ...bindingTo(bob) })];
    const [first, other, unbound] = [
      await connect(`${app.url}/echo`, { token: own, ...of(alice) }),
      await connect(`${app.url}/echo`, { token: others, ...of(bob) }),
      await connect(`${app.url}/echo`, { token: app.token(), ...of(alice) }),
    ];
    expect(await reload(app, await root.revoke([alice.serialNumber]))).toBe(1);
    await first.expectClose(4504);
    for (const client of [other, unbound]) {
      expect(await client.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
    }
    expect(await handshake(`${app.url}/echo`, { token: own, ...of(alice) })).toMatchObject({ status: 401 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'bad-certificate' }]);
    expect(await handshake(`${app.url}/echo`, { token: others, ...of(bob) })).toBe('open');
    await reload(app, await root.revoke([]));
    expect(await handshake(`${app.url}/echo`, { token: own, ...of(alice) })).toBe('open');
  });

  it('TR-04 AN-06 F10 opens nothing where its TLS session is resumed, and its authority is revoked', async () => {
    const app = await startBound({ ticketKeys: Buffer.alloc(48, 7), maxVersion: 'TLSv1.2' });
    const device = await intermediate.issue({ subject: 'CN=device' });
    const { cert, key } = device;
    const tls = connectTls({ port: app.port, host: '127.0.0.1', cert, key, rejectUnauthorized: false });
    onTestFinished(() => void tls.destroy());
    const [session] = (await once(tls, 'session')) as [Buffer];
    const token = app.token(bindingTo(device));
    const resumed = (): ReturnType<typeof handshake> =>
      handshake(`${app.url}/echo`, { token, ws: { cert, key, session } } as ClientShape);
    expect(await resumed()).toBe('open');
    for (const ca of [root.cert, [root.cert, intermediate.cert]]) {
      await reload(app, await root.revoke([intermediate.serialNumber]), ca);
      expect(await resumed()).toMatchObject({ status: 401 });
    }
  });
});
