import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsThrottle } from '@secure-ws/nestjs';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { until } from '../support/patience.js';
import { RedisServer } from '../support/redis-server.js';
import { boot, example } from './example.js';

@WsAuthorize()
@WebSocketGateway({ path: '/limited' })
class LimitedGateway {
  @WsThrottle({ limit: 1, ttl: 60_000 })
  @SubscribeMessage('limited')
  limited(): string {
    return 'done';
  }
}

it('F45 DR-05 throttling/app.module.ts counts in Redis for every node, refuses without it, and leaves it when it ends', async () => {
  const server = await RedisServer.start();
  process.env['REDIS_URL'] = server.path;
  const { AppModule, redis } = await example('throttling/app.module.ts', 'AppModule', 'redis');
  const client = redis as Redis;
  await until(() => client.status === 'ready', 'the example is connected');
  class Node {}
  const start = () => boot({ module: Node, imports: [AppModule], providers: [LimitedGateway] });
  const nodes = [await start(), await start()] as const;
  const ask = async (node: (typeof nodes)[number], id: string): Promise<unknown> => {
    await using socket = await connect(node, { path: '/limited', as: testIdentity({ id }) });
    return (await socket.request('limited')).data;
  };
  expect(await ask(nodes[0], 'alice')).toBe('done');
  expect(await ask(nodes[1], 'alice')).toMatchObject({ code: 'THROTTLED' });
  expect(await ask(nodes[1], 'bob')).toBe('done');
  await server.kill();
  expect(await ask(nodes[0], 'carol')).toMatchObject({ code: 'FORBIDDEN' });
  await server.start();
  await until(() => client.status === 'ready', 'the example is connected again');
  expect(await ask(nodes[0], 'carol')).toBe('done');
  await nodes[0].close();
  await until(() => client.status === 'end', 'the example has left Redis');
});
