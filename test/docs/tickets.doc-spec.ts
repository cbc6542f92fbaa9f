import type { INestApplication, Type } from '@nestjs/common';
import type { SecureWsOptions } from '@secure-ws/nestjs';
import { connect } from '@secure-ws/nestjs/testing';
import { expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example } from './example.js';

const ORIGIN = 'https://app.example.com';

/** Sets what a guard or a session middleware of the application would set. */
function logIn(app: INestApplication): void {
  app.use((request: { user?: object; headers: { 'x-user'?: string } }, _: unknown, next: () => void) => {
    const id = request.headers['x-user'];
    if (id !== undefined) request.user = { id, sessionId: `s-${id}`, sessionEndsAt: Date.now() + 60_000 };
    next();
  });
}

async function start(controllers: readonly Type[], providers: readonly Type[], options: Partial<SecureWsOptions>) {
  return boot(around([EchoGateway, ...providers], options, controllers), undefined, logIn);
}

async function ticketOf(app: INestApplication, path: string, headers: Record<string, string>) {
  const response = await fetch(`${await app.getUrl()}/${path}`, { method: 'POST', headers });
  return { status: response.status, ...((await response.json()) as { ticket?: string; expiresInMs?: number }) };
}

const open = (app: INestApplication, ticket: string | undefined) =>
  connect(app, { path: '/echo', origin: ORIGIN, protocols: ['json.v1', `ticket.${ticket}`] });

it('AN-05 tickets/tickets.ts opens one connection for who is logged in', async () => {
  const { TicketModule, HttpPrincipal, authentication } = await example(
    'tickets/tickets.ts',
    ...(['TicketModule', 'HttpPrincipal', 'authentication'] as const),
  );
  const [controller] = Reflect.getMetadata('controllers', TicketModule) as [Type];
  const app = await start([controller], [HttpPrincipal], { authentication });
  const { ticket } = await ticketOf(app, 'ws-ticket', { Origin: ORIGIN, 'X-User': 'alice' });
  await using client = await open(app, ticket);
  expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
  await expect(open(app, ticket)).rejects.toMatchObject({ status: 401 });
  expect(await ticketOf(app, 'ws-ticket', { Origin: ORIGIN })).toMatchObject({ status: 401 });
  expect(await ticketOf(app, 'ws-ticket', { 'X-User': 'alice' })).toMatchObject({ status: 403 });
});

it('AN-05 tickets/report-ticket.controller.ts narrows what a ticket can do', async () => {
  const { ReportTicketController } = await example('tickets/report-ticket.controller.ts', 'ReportTicketController');
  const app = await start([ReportTicketController], [], { authentication: { tickets: {} } });
  const answer = await ticketOf(app, 'report-ticket', { Origin: ORIGIN, 'X-User': 'alice' });
  expect(answer).toMatchObject({ status: 201, expiresInMs: 5000 });
  await using client = await open(app, answer.ticket);
  expect(client.protocol).toBe('json.v1');
  expect(await ticketOf(app, 'report-ticket', { Origin: ORIGIN })).toMatchObject({ status: 403 });
});
