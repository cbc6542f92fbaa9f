import { WsRevocationService, createBackChannelLogoutController } from '@secure-ws/nestjs';
import { secureWsRedis } from '@secure-ws/redis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { connect } from '../support/queueing-client.js';
import { RedisServer } from '../support/redis-server.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

it('SL-04 J26 DP-06 acts on no log-out token again that was acted on, however many come at once to two nodes', async () => {
  const redis = await RedisServer.start();
  const server = await startAuthorizationServer();
  const { issuer, introspection } = server;
  const startNode = async () => {
    const shared = await secureWsRedis({ url: redis.url, clusterKey: CLUSTER_KEY });
    onTestFinished(() => shared.close());
    const oauth = { issuer, audience: 'chat', introspection, backChannelLogout: { clientId: 'alice' } };
    const app = await startApp({
      providers: [EchoGateway],
      controllers: [createBackChannelLogoutController()],
      options: { store: { shared }, authentication: { oauth } },
    });
    return { app, acted: vi.spyOn(app.app.get(WsRevocationService), 'endSession') };
  };
  const nodes = [await startNode(), await startNode()] as const;
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: 'alice',
    iat,
    exp: iat + 60,
    jti: 'once',
    sid: 'session-of-alice',
    events: EVENTS,
  };
  const token = await server.sign({ typ: 'logout+jwt' }, claims);
  const post = async ({ httpUrl }: RunningApp): Promise<number> => {
    const body = new URLSearchParams({ logout_token: token });
    return (await fetch(`${httpUrl}/backchannel-logout`, { method: 'POST', body })).status;
  };
  const toBoth = (each: number) =>
    Promise.all(nodes.flatMap(({ app }) => Array.from({ length: each }, () => post(app))));
  const client = await connect(`${nodes[1].app.url}/echo`, { token: await server.issue() });

  // Two first deliveries at two nodes may both do the work: who did it is never called a replay.
  const first = await Promise.all(nodes.map(({ app }) => post(app)));
  const acted = nodes.map((node) => node.acted.mock.calls.length);
  expect(first).toEqual(acted.map((times) => (times === 0 ? 400 : 200)));
  await client.expectClose(4512);

  expect(await toBoth(25)).toEqual(Array(50).fill(400));
  expect(nodes.map((node) => node.acted.mock.calls.length)).toEqual(acted);
});
