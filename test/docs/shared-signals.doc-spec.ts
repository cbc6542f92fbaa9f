import { connect } from '@secure-ws/nestjs/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example } from './example.js';

it('SL-04 shared-signals/signals.module.ts closes the connections of a revoked session', async () => {
  const server = await startAuthorizationServer();
  vi.stubEnv('OAUTH_ISSUER', server.issuer);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { authentication, SignalsModule } = await example(
    'shared-signals/signals.module.ts',
    'authentication',
    'SignalsModule',
  );
  const module = around([EchoGateway], { authentication });
  const app = await boot({ ...module, imports: [...(module.imports ?? []), SignalsModule] });
  const client = await connect(app, { path: '/echo', as: await server.issue() });
  const claims = {
    ...{ iss: server.issuer, aud: 'https://chat.example.com/shared-signals', jti: 'set-1' },
    iat: Math.floor(Date.now() / 1000),
    sub_id: { format: 'opaque', id: 'session-of-alice' },
    events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
  };
  const body = await server.sign({ typ: 'secevent+jwt' }, claims);
  const headers = { 'content-type': 'application/secevent+jwt' };
  const answer = await fetch(`${await app.getUrl()}/shared-signals`, { method: 'POST', headers, body });

  expect(answer.status).toBe(202);
  await client.expectClose(4512);
});
