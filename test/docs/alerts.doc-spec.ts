import { randomBytes } from 'node:crypto';
import type { INestApplication, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SecurityEvents } from '@secure-ws/nestjs';
import { connect } from '@secure-ws/nestjs/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { until } from '../support/patience.js';
import { around, boot, example } from './example.js';

async function guess(app: INestApplication): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const headers = { Authorization: `Bearer aaaa.bbbb.ccc${i}` };
    await expect(connect(app, { path: '/echo', headers })).rejects.toMatchObject({ status: 401 });
  }
}

it('MO-03 alerts/pager.ts hears of ten guesses', async () => {
  const { Pager } = await example('alerts/pager.ts', 'Pager');
  const app = await boot(around([EchoGateway, Pager], { alerts: {} }));
  await guess(app);
  await app.get(SecurityEvents).flush();

  expect(app.get<{ paged: string[] }>(Pager).paged).toEqual(['ws.alert.raised failed-logins-by-address']);
});

it('MO-03 alerts/rules.ts has the shipped rules, one of them changed, and its own', async () => {
  const { alerts } = await example('alerts/rules.ts', 'alerts');
  const { Pager } = await example('alerts/pager.ts', 'Pager');
  const app = await boot(around([EchoGateway, Pager], { alerts }));
  const events = app.get(SecurityEvents);
  const facts = { connectionId: 'c', path: '/', address: '192.0.2.1', principal: 'alice', correlationId: 'x' };
  for (let i = 0; i < 5; i++)
    events.emit({ type: 'ws.message.refused', code: 'FORBIDDEN', reason: 'policy', ...facts });
  for (let i = 0; i < 50; i++) {
    events.emit({ type: 'ws.message.refused', code: 'INTERNAL', reason: 'handler-failed', ...facts });
  }
  await events.flush();

  expect(app.get<{ paged: string[] }>(Pager).paged).toEqual([
    'ws.alert.raised forbidden-by-principal',
    'ws.alert.raised failing-handlers',
  ]);
});

it('MO-03 alerts/alerts.ts posts what alerts/receiver.controller.ts verifies', async () => {
  vi.stubEnv('ALERT_WEBHOOK_SECRET', `whsec_${randomBytes(32).toString('base64')}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { ReceiverController } = await example('alerts/receiver.controller.ts', 'ReceiverController');
  const receiver = await receiverOf(ReceiverController);
  vi.stubEnv('ALERT_WEBHOOK_URL', `${await receiver.getUrl()}/secure-ws-alerts`);
  const { alerts } = await example('alerts/alerts.ts', 'alerts');
  const app = await boot(around([EchoGateway], { alerts }));
  await guess(app);
  const { received } = receiver.get<{ received: unknown[] }>(ReceiverController);
  await until(() => received.length === 1, 'the alert has come');

  expect(received[0]).toMatchObject({ type: 'ws.alert.raised', data: { rule: 'failed-logins-by-address' } });
  const forged = await fetch(`${await receiver.getUrl()}/secure-ws-alerts`, { method: 'POST', body: '{}' });
  expect(forged.status).toBe(401);
});

async function receiverOf(controller: Type): Promise<INestApplication> {
  @Module({ controllers: [controller] })
  class ReceiverModule {}

  const testing = await Test.createTestingModule({ imports: [ReceiverModule] }).compile();
  const app = testing.createNestApplication({ logger: false, rawBody: true, forceCloseConnections: true });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return app;
}
