import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { AddressInfo, Server } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { connect } from '@secure-ws/nestjs/testing';
import { expect, it, vi } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example } from './example.js';

type Prove = (url: string, token: string, key: Record<'privateKey' | 'publicKey', KeyObject>) => Promise<string>;

/** The options of an example, loaded once and after the name of the server is known. */
async function bootWith(path: string, server: AuthorizationServer, ...controllers: never[]): Promise<INestApplication> {
  vi.stubEnv('OAUTH_ISSUER', server.issuer);
  vi.stubEnv('OAUTH_CLIENT_SECRET', server.introspection.clientSecret);
  const { authentication } = await example(path, 'authentication');
  return boot(around([EchoGateway], { authentication }, controllers));
}

it('F45 AN-06 oauth/oauth.ts and oauth/introspection.ts take the tokens of a real authorization server', async () => {
  const server = await startAuthorizationServer();
  const byName = await bootWith('oauth/oauth.ts', server);
  await using client = await connect(byName, { path: '/echo', as: await server.issue() });
  expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
  const opaque = await server.issue({ format: 'opaque' });
  await expect(connect(byName, { path: '/echo', as: opaque })).rejects.toMatchObject({ status: 401 });
  const asking = await bootWith('oauth/introspection.ts', server);
  await using other = await connect(asking, { path: '/echo', as: opaque });
  expect(await other.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
});

it('F45 AN-06 oauth/dpop.ts and oauth/proof.ts open a connection with the key of the token', async () => {
  const server = await startAuthorizationServer();
  const app = await bootWith('oauth/dpop.ts', server);
  const { dpopProof } = await example('oauth/proof.ts', 'dpopProof');
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await server.issue({
    key: { privateKey: key.privateKey, jwk: key.publicKey.export({ format: 'jwk' }) },
  });
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const proof = await (dpopProof as Prove)(`ws://127.0.0.1:${port}/echo`, token, key);
  const headers = { Authorization: `DPoP ${token}`, DPoP: proof };
  await using client = await connect(app, { path: '/echo', headers });
  expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
  await expect(connect(app, { path: '/echo', headers })).rejects.toMatchObject({ status: 401 });
  await expect(connect(app, { path: '/echo', as: await server.issue() })).rejects.toMatchObject({ status: 401 });
});

it('F45 SL-04 oauth/logout.module.ts closes the connections of who logs out', async () => {
  const server = await startAuthorizationServer();
  vi.stubEnv('OAUTH_ISSUER', server.issuer);
  const { authentication, LogoutModule } = await example('oauth/logout.module.ts', 'authentication', 'LogoutModule');
  const options = { ...(authentication as { oauth: { backChannelLogout: object } }) };
  expect(options.oauth.backChannelLogout).toEqual({ clientId: 'chat-page' });
  const module = around([EchoGateway], { authentication });
  const app = await boot({ ...module, imports: [...(module.imports ?? []), LogoutModule] });
  const client = await connect(app, { path: '/echo', as: await server.issue() });
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{
      iss: server.issuer,
      aud: 'chat-page',
      sub: 'alice',
      sid: 'session-of-alice',
      jti: 'j-1',
      iat: now,
      exp: now + 60,
    },
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const body = new URLSearchParams({ logout_token: await server.sign({ typ: 'logout+jwt' }, claims) });
  const url = `http://127.0.0.1:${port}/backchannel-logout`;
  expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
  await client.expectClose(4512);
});
