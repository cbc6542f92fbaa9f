import { readFileSync } from 'node:fs';
import { type ClientCertificateIdentity, WsClientCertificateMapper, WsClientCertificates } from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CertificateAuthority, type Issued } from '../support/certificate-authority.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { guideBlock } from '../support/guide-page.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { type ProxyProgram, startProxy } from '../support/proxy.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

class Names extends WsClientCertificateMapper {
  override identify({ subject }: { subject: string }): ClientCertificateIdentity {
    return { id: subject };
  }
}

const PAGE = 'client-certificates.md';
const text = readFileSync(new URL(`../../docs/guide/${PAGE}`, import.meta.url), 'utf8');

/** What the page adds to the configuration of proxies.md. */
function changesOf(program: ProxyProgram): [string | RegExp, string][] {
  if (program === 'nginx') {
    const protocols = '  ssl_protocols       TLSv1.2 TLSv1.3;\n';
    const host = '    proxy_set_header Host $host;\n';
    return [
      [protocols, protocols + guideBlock(PAGE, 'nginx-server.conf')],
      [host, host + guideBlock(PAGE, 'nginx-location.conf')],
    ];
  }
  const endOfBind = /`(ca-file [^`]+)` at the end of its `bind` line/.exec(text)?.[1] ?? '';
  const backend = '  default_backend chat\n';
  return [
    [' alpn http/1.1', ` alpn http/1.1 ${endOfBind}`],
    [backend, guideBlock(PAGE, 'haproxy-frontend.cfg') + backend],
  ];
}

describe.each(['nginx', 'haproxy'] as const)('client certificates through %s', (program) => {
  async function start() {
    const root = await CertificateAuthority.create();
    const trustedProxies = {
      addresses: ['127.0.0.1'],
      header: 'x-forwarded-for',
      clientCertificate: { certificate: 'x-ssl-client-cert', verified: 'x-ssl-client-verify' },
    } as const;
    const app = await startApp({
      providers: [EchoGateway],
      options: {
        handshake: { trustedProxies },
        authentication: { jwt: TEST_JWT, clientCertificate: { clients: 'programs', mapper: new Names() } },
      },
    });
    const path = program === 'nginx' ? '/etc/ssl/devices-ca.pem' : '/etc/haproxy/devices-ca.pem';
    const proxy = await startProxy({
      program,
      header: 'x-forwarded-for',
      upstream: app.port,
      changes: changesOf(program),
      files: { [path]: root.cert },
    });
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    return { app, root, url: `wss://127.0.0.1:${proxy.port}/echo` };
  }

  const of = ({ cert, key }: Issued, headers: Record<string, string> = {}): ClientShape => ({
    headers,
    ws: { cert, key },
  });

  it('TR-04 DP-07 know the client by the certificate that the proxy has verified, until it is revoked', async () => {
    const { app, root, url } = await start();
    const issued = await root.issue({ subject: 'CN=device-7' });
    const socket = await connect(url, of(issued));
    await socket.request('echo', { text: 'x' });
    expect(app.app.get(EchoGateway).handled).toEqual([{ text: 'x', from: 'CN=device-7' }]);
    const crl = await root.revoke([issued.serialNumber]);
    expect(await app.app.get(WsClientCertificates).reload({ crl, ca: root.cert })).toBe(1);
    await socket.expectClose(4504);
    expect(await handshake(url, of(issued))).toMatchObject({ status: 401 });
  });

  it('TR-04 DP-07 cannot be forged by a client that writes the fields', async () => {
    const { app, root, url } = await start();
    const [issued, other] = [await root.issue({ subject: 'CN=admin' }), await root.issue({ subject: 'CN=device-8' })];
    const forged = {
      'X-SSL-Client-Cert': encodeURIComponent(issued.cert),
      'X-SSL-Client-Verify': 'SUCCESS',
    };
    expect(await handshake(url, { headers: forged })).toMatchObject({ status: 401 });
    const socket = await connect(url, of(other, forged));
    await socket.request('echo', { text: 'x' });
    expect(app.app.get(EchoGateway).handled).toEqual([{ text: 'x', from: 'CN=device-8' }]);
  });

  it('TR-04 DP-07 are refused where another authority has signed them', async () => {
    const { app, url } = await start();
    const stranger = await CertificateAuthority.create();
    // nginx answers by itself, HAProxy in the TLS handshake.
    const attempt = handshake(url, of(await stranger.issue({ subject: 'CN=admin' })));
    const outcome = await attempt.catch(() => 'no TLS');
    expect(outcome).not.toBe('open');
    expect(app.events.ofType('ws.connection.opened')).toEqual([]);
  });
});
