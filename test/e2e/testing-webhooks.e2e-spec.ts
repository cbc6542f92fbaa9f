import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type AlertWebhookOptions, SecureWsModule, SecurityEvents } from '@secure-ws/nestjs';
import { connect, FakeClock, HandshakeRefusedError, SecureWsTestingModule } from '@secure-ws/nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CapturedLog } from '../support/captured-log.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectSoon, until } from '../support/patience.js';
import { TEST_JWT } from '../support/test-token.js';

const BEGIN = Date.UTC(2030, 0, 1);

interface Posted {
  readonly id: unknown;
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly response: ServerResponse;
}

/** A receiver that answers when the test says so. */
async function receive(): Promise<{ readonly posted: Posted[]; readonly url: string }> {
  const posted: Posted[] = [];
  const server = createServer(({ headers }, response) => {
    posted.push({ id: headers['webhook-id'], time: Number(headers['webhook-timestamp']) * 1000, response });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { posted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function start(clock: FakeClock, webhook: Pick<AlertWebhookOptions, 'url' | 'timeoutMs'>) {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const events = ['ws.handshake.refused'] as const;
  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'], trustedProxies: 'none' },
        authentication: { jwt: TEST_JWT },
        alerts: {
          rules: [{ name: 'refused', kind: 'threshold', events, limit: 1, windowMs: 1000 }],
          webhooks: [{ secret, ...webhook }],
        },
      }),
    ],
    providers: [EchoGateway],
  })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule, SecureWsTestingModule.forRoot({ clock })] })
    .setLogger(new CapturedLog())
    .compile();
  const app: INestApplication = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.listen(0);
  const channel = () => app.get(SecurityEvents).channels.find(({ name }) => name === 'alerts.webhooks[0]');
  await expect(connect(app, { path: '/echo' })).rejects.toThrow(HandshakeRefusedError);
  return { app, channel };
}

describe('a FakeClock and the webhooks of alerts', () => {
  it('MO-03 a step of it gives up no post that is under way, and the alert is posted once', async () => {
    const [clock, { posted, url }] = [new FakeClock(BEGIN), await receive()];
    const { channel } = await start(clock, { url });
    await until(() => posted.length === 1, 'the alert is posted');
    clock.advance(20_000);
    posted[0]?.response.writeHead(204).end();
    await until(() => channel()?.waiting === 0, 'the alert is taken');
    expect(posted).toHaveLength(1);
    expect(channel()).toMatchObject({ failed: 0, isHealthy: true });
  });

  it('MO-03 MO-09 a receiver that does not answer is given up by the time of the machine, and tried again by that of the test', async () => {
    const [clock, { posted, url }] = [new FakeClock(BEGIN), await receive()];
    const { channel } = await start(clock, { url, timeoutMs: 100 });
    await until(() => channel()?.isHealthy === false, 'the attempt is given up');
    expect(posted).toHaveLength(1);
    clock.advance(10_000);
    await until(() => posted.length === 2, 'the next attempt');
    expect(posted.map(({ time }) => time)).toEqual([BEGIN, BEGIN + 10_000]);
    expect(new Set(posted.map(({ id }) => id)).size).toBe(1);
  });

  it('MO-09 a receiver that never answers does not hold up the end of the application', async () => {
    const { posted, url } = await receive();
    const { app } = await start(new FakeClock(BEGIN), { url, timeoutMs: 60_000 });
    await until(() => posted.length === 1, 'the alert is posted');
    await expectSoon(app.close(), 'the end of the application');
  });
});
