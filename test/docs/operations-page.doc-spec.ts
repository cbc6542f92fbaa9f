import type { INestApplication, Type } from '@nestjs/common';
import { connect } from '@secure-ws/nestjs/testing';
import { expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example } from './example.js';

const ORIGIN = 'https://app.example.com';

/** Sets what a guard or a session middleware of the application would set. */
function logIn(app: INestApplication): void {
  app.use((request: { user?: object; headers: { 'x-user'?: string } }, _: unknown, next: () => void) => {
    const [id, ...roles] = (request.headers['x-user'] ?? '').split(' ');
    if (id !== '') request.user = { id, roles, sessionEndsAt: Date.now() + 60_000 };
    next();
  });
}

it('OD-10 operations/operations.module.ts shows who is connected to an admin, and nothing to others', async () => {
  const { OperationsModule, authentication } = await example(
    'operations/operations.module.ts',
    ...(['OperationsModule', 'authentication'] as const),
  );
  const root = around([EchoGateway], { authentication });
  const app = await boot({ ...root, imports: [...(root.imports ?? []), OperationsModule] }, undefined, logIn);
  const ask = async (user: string, method = 'GET', path = '/ops/sockets') =>
    fetch(`${await app.getUrl()}${path}`, { method, headers: { 'X-User': user, Origin: ORIGIN } });
  expect((await ask('')).status).toBe(404);
  expect((await ask('mallory')).status).toBe(404);
  const page = await ask('root admin');
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('WebSocket operations')]);
  const { ticket, socketPath } = (await (await ask('root admin', 'POST', '/ops/sockets/ticket')).json()) as Record<
    string,
    string
  >;
  expect(socketPath).toBe('/ops/sockets/socket');
  await using client = await connect(app, {
    path: socketPath ?? '',
    origin: ORIGIN,
    protocols: ['secure-ws.v1', `ticket.${ticket}`],
  });
  client.send('ops.watch', undefined, 1);
  expect(await client.next()).toMatchObject({ id: 1, data: { connections: 1, isReady: true } });
});

it('OD-10 health/health.module.ts tells a probe what it must know, and no more', async () => {
  const { HealthModule } = await example('health/health.module.ts', 'HealthModule');
  const { lifecycle } = await example('health/lifecycle.ts', 'lifecycle');
  const root = around([EchoGateway], { lifecycle: { ...(lifecycle as object), drainDelayMs: 0 } });
  const app = await boot({ ...root, imports: [...(root.imports ?? []), HealthModule] });
  const answer = await fetch(`${await app.getUrl()}/ready`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ status: 'ok', details: { sockets: { status: 'up' } } });
});

it('health/readiness.controller.ts answers without Terminus', async () => {
  const { PlainReadinessController } = await example('health/readiness.controller.ts', 'PlainReadinessController');
  const app = await boot(around([EchoGateway], {}, [PlainReadinessController as Type]));
  expect((await fetch(`${await app.getUrl()}/ready`)).status).toBe(204);
});
