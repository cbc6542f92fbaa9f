import { randomBytes } from 'node:crypto';
import { VersioningType, type VersioningOptions } from '@nestjs/common';
import { createBackChannelLogoutController, createSharedSignalsController } from '@secure-ws/nestjs';
import { SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { expect, it } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { ask, HeaderPrincipal, operationsApp } from '../support/operations.js';
import { startApp } from '../support/start-app.js';

const token = randomBytes(32).toString('hex');

it.each<readonly [platform: 'express' | 'fastify', how: string, versioning: VersioningOptions]>([
  ['express', 'a header', { type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' }],
  ['express', 'the path', { type: VersioningType.URI, defaultVersion: '1' }],
  ['fastify', 'a header', { type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' }],
  ['fastify', 'the path', { type: VersioningType.URI, defaultVersion: '1' }],
])(
  'SL-04 OD-10 MO-10 reaches the routes of scrapers, providers and operators on %s where %s names a version, and guards them',
  async (platform, _how, versioning) => {
    const { issuer, introspection } = await startAuthorizationServer();
    const oauth = {
      ...{ issuer, introspection, audience: 'chat' },
      sharedSignals: { audience: 'https://chat.example.com/signals' },
      backChannelLogout: { clientId: 'alice' },
    };
    const metrics = SecureWsMetricsModule.forRoot({ endpoint: { token } });
    const app = await startApp({
      ...operationsApp({ imports: [metrics], options: { authentication: { oauth } } }),
      platform,
      providers: [EchoGateway, HeaderPrincipal],
      controllers: [createSharedSignalsController(), createBackChannelLogoutController()],
      configure: (nest) => void nest.setGlobalPrefix('api').enableVersioning(versioning),
    });
    const post = (type: string, body: string) => ({ method: 'POST', headers: { 'Content-Type': type }, body });
    const statuses = [
      await ask(app, '/api/metrics'),
      await ask(app, '/api/metrics', undefined, { headers: { Authorization: `Bearer ${token}` } }),
      await ask(app, '/api/shared-signals', undefined, post('application/secevent+jwt', 'a.b.c')),
      await ask(app, '/api/backchannel-logout', undefined, post('application/x-www-form-urlencoded', 'logout_token=a')),
      await ask(app, '/api/operations'),
      await ask(app, '/api/operations/main.js', 'root admin'),
    ].map(({ status }) => status);

    expect(statuses).toEqual([401, 200, 400, 400, 404, 200]);
  },
);
