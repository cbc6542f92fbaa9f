import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import type { Provider, Type } from '@nestjs/common';
import {
  type ClientCertificateIdentity,
  type SecureWsOptions,
  type WsClientCertificateMapper,
} from '@secure-ws/nestjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority, type Issued } from '../support/certificate-authority.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { example, examplesFolder } from './example.js';

interface Files {
  revoke(tls: object): Promise<number>;
  renew(tls: object, old: string): Promise<number>;
}

let root: CertificateAuthority;
let device: Issued;

beforeAll(async () => {
  root = await CertificateAuthority.create();
  device = await root.issue({ names: [{ type: 'url', value: 'spiffe://example.com/device/7' }] });
  writeFileSync(join(examplesFolder, 'devices-ca.pem'), root.cert);
});

const of = ({ cert, key }: Issued): ClientShape => ({ ws: { cert, key } });

async function start(page: string, providers: Provider[] = [], controllers: Type[] = []) {
  const { authentication } = await example(`client-certificates/${page}`, 'authentication');
  const { Devices } = await example('client-certificates/devices.ts', 'Devices');
  const { httpsOptions } = await example('client-certificates/tls.ts', 'httpsOptions');
  const https: TlsOptions & { cert: Buffer } = httpsOptions;
  const options = { authentication: authentication as SecureWsOptions['authentication'] };
  const app: RunningApp = await startApp({
    providers: [EchoGateway, Devices as Type, ...providers],
    controllers,
    https,
    options,
  });
  return { app, https };
}

describe('F45 every example of the guide runs: client certificates', () => {
  it('client-certificates/devices.ts and client-certificates/tls.ts know devices by their certificates', async () => {
    const { app } = await start('devices.ts');
    expect(await handshake(`${app.url}/echo`, of(device))).toBe('open');
    const billing = await root.issue({ subject: [{ O: ['Example'] }, { CN: ['billing'] }] });
    expect(await handshake(`${app.url}/echo`, of(billing))).toBe('open');
    expect(await handshake(`${app.url}/echo`, of(await root.issue({ subject: 'CN=billing' })))).toMatchObject({
      status: 401,
    });
    const { Devices } = await example('client-certificates/devices.ts', 'Devices');
    const identify = (uri: string): ClientCertificateIdentity =>
      new (Devices as new () => WsClientCertificateMapper)().identify({ uris: [uri] } as never) as never;
    expect(identify('spiffe://example.com/device/7/../8')).toBeUndefined();
  });

  it('client-certificates/browsers.ts gives a token to the page that shows the certificate', async () => {
    const { CsrfController } = await example('client-certificates/browsers.ts', 'CsrfController');
    const { app } = await start('browsers.ts', [], [CsrfController as Type]);
    // What the controller sees in a request over the same TLS.
    const { get } = await import('node:https');
    const fetchToken = (certificate: object) =>
      new Promise<{ token?: string }>((resolve, reject) => {
        get(`${app.httpUrl}/csrf`, { rejectUnauthorized: false, ...certificate }, (response: IncomingMessage) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('end', () => {
            resolve(JSON.parse(Buffer.concat(chunks).toString()) as { token?: string });
          });
        }).once('error', reject);
      });
    const { token } = await fetchToken({ cert: device.cert, key: device.key });
    const page = { ...of(device), origin: 'http://localhost:4200' };
    expect(await handshake(`${app.url}/echo`, { ...page, protocols: ['json.v1', `csrf.${token}`] })).toBe('open');
    expect(await handshake(`${app.url}/echo`, { ...page, protocols: ['json.v1'] })).toMatchObject({ status: 403 });
    expect(await fetchToken({})).toMatchObject({ statusCode: 401 });
  });

  it('client-certificates/certificate-files.ts revokes, and renews the certificate of the server', async () => {
    const { CertificateFiles } = await example('client-certificates/certificate-files.ts', 'CertificateFiles');
    const { app, https } = await start('devices.ts', [CertificateFiles as Type]);
    const files = app.app.get<Files>(CertificateFiles);
    const socket = await connect(`${app.url}/echo`, of(device));
    expect(await files.revoke({ ...https, ca: root.cert, crl: await root.revoke([device.serialNumber]) })).toBe(1);
    await socket.expectClose(4504);
    const second = await connect(`${app.url}/echo`, of(await root.issue({ names: [{ type: 'url', value: 'spiffe://example.com/device/8' }] }))); // prettier-ignore
    const renewed = await root.issue({ subject: 'CN=server' });
    expect(await files.renew({ ...https, ...renewed, ca: root.cert }, https.cert.toString())).toBe(1);
    await second.expectClose(4003);
  });

  it('client-certificates/proxies.ts boots', async () => {
    const { handshake: proxied } = await example('client-certificates/proxies.ts', 'handshake');
    const { authentication } = await example('client-certificates/devices.ts', 'authentication');
    const { Devices } = await example('client-certificates/devices.ts', 'Devices');
    const app = await startApp({
      providers: [EchoGateway, Devices as Type],
      options: { handshake: proxied, authentication },
    });
    expect(await handshake(`${app.url}/echo`)).toMatchObject({ status: 401 });
  });
});
