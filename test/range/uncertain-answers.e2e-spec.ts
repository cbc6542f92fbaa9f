import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scan } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { RANGE } from './range-server.js';
import { type Script, verdictOf } from './verdict-of.js';

const { token } = RANGE;
const isA = ({ headers }: IncomingMessage): boolean => headers.authorization === `Bearer ${token}`;

describe('an answer that says less than it seems to', { timeout: 60_000 }, () => {
  it('SC-04 DR-01 is no pong that nobody asked for: a large message was not taken', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 65_536 });
    server.on('connection', (client) => {
      const timer = setInterval(() => client.pong(), 1);
      client.on('error', () => undefined);
      client.on('close', () => clearInterval(timer));
      client.on('message', () => client.send('{"event":"error","data":"no"}'));
    });
    await once(server, 'listening');
    onTestFinished(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const { outcomes } = await scan({
      target: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      ...{ checks: ['oversized-message'], isDisruptive: true, settleMs: 20, answerMs: 3000 },
    });
    expect(outcomes.find(({ check }) => check === 'oversized-message')).toMatchObject({ outcome: 'passed' });
  });

  it('SC-04 AN-01 is no pong that comes before the server has decided', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
    server.on('connection', (client, request) => {
      client.on('error', () => undefined);
      client.pong();
      client.on('ping', (data) => setTimeout(() => (isA(request) ? client.pong(data) : client.close(4401)), 100));
    });
    await once(server, 'listening');
    onTestFinished(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const { outcomes } = await scan({
      target: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      ...{ checks: ['unauthenticated'], credentials: { token }, settleMs: 20, answerMs: 3000 },
    });
    expect(outcomes.find(({ check }) => check === 'unauthenticated')).toMatchObject({
      outcome: 'passed',
      says: expect.stringContaining('close 4401') as string,
    });
  });

  it('SC-04 OD-07 is not all of what came, where more came than a scan keeps', async () => {
    const serve: Script['serve'] = (client) => {
      client.send('x'.repeat(900_000));
      client.close(1008);
    };
    const verdict = await verdictOf('error-leaks', { serve });
    expect(verdict).toMatchObject({ outcome: 'not-tested', says: expect.stringContaining('More came') as string });
  });

  it('SC-04 AN-06 is no silence to nobody: it tells no good credential from a forged one', async () => {
    const serve: Script['serve'] = (client, _, request) => isA(request) && client.send('{"event":"done"}');
    const more = { credentials: { token }, messages: ['{"event":"a"}'] };
    expect(await verdictOf('forged-token', { serve }, more)).toMatchObject({ outcome: 'not-tested' });
  });

  it('SC-08 OD-07 is shown without the credential of the scan, half of which it ends with', async () => {
    const own = 'q7/'.repeat(30);
    const query = `SELECT ${encodeURIComponent(own)} FROM users`;
    const serve: Script['serve'] = (client) => client.send(JSON.stringify({ data: query }));
    const verdict = await verdictOf('error-leaks', { serve }, { credentials: { token: own } });
    expect(verdict).toMatchObject({ outcome: 'finding' });
    expect(JSON.stringify(verdict)).not.toContain('q7%2F');
  });
});

describe('a server that decides later than it is waited for', { timeout: 60_000 }, () => {
  it.each<readonly [check: string, isTaken: boolean]>([
    ['null-origin', false],
    ['null-origin', true],
    ['forged-token', false],
    ['forged-token', true],
  ])('SC-04 has let nobody in where it ends the connection then: %s, and it does not: %s', async (check, isTaken) => {
    const server = new WebSocketServer({
      ...{ port: 0, host: '127.0.0.1' },
      verifyClient: ({ req }: { req: IncomingMessage }) => req.headers.authorization !== undefined,
    });
    server.on('connection', (client, request) => {
      client.on('error', () => undefined);
      const isGood = isA(request) && request.headers.origin === 'https://app.example.com';
      if (!isGood && !isTaken) setTimeout(() => client.close(4403), 100);
    });
    await once(server, 'listening');
    onTestFinished(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const { outcomes } = await scan({
      target: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      ...{ checks: [check], credentials: { token }, origin: 'https://app.example.com', settleMs: 20, answerMs: 500 },
    });
    const outcome = outcomes.find((each) => each.check === check);
    expect(outcome?.outcome).toBe(isTaken ? 'finding' : 'not-tested');
    expect(outcome?.says.includes('--wait')).toBe(!isTaken);
  });
});
