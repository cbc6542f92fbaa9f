import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { awaitOpen, createSocket, handshake } from '../support/handshake.js';
import { expectSoon } from '../support/patience.js';
import { expectWholeRefusal, goodFields, refusalOf } from '../support/raw-handshake.js';
import { startApp, type TestOptions } from '../support/start-app.js';

const GRAPHQL = '/graphql';

/** Puts a WebSocket server that is not ours on the application's, as a GraphQL library would. */
function addGraphql(app: INestApplication): void {
  const graphql = new WebSocketServer({ noServer: true });
  graphql.on('connection', (socket) => {
    socket.send('graphql speaks');
  });
  (app.getHttpServer() as Server).on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split('?')[0] !== GRAPHQL) return;
    graphql.handleUpgrade(request, socket, head, (client) => graphql.emit('connection', client, request));
  });
  onTestFinished(() => {
    for (const client of graphql.clients) client.terminate();
    graphql.close();
  });
}

const withPaths: TestOptions = { handshake: { origins: [], foreignPaths: [GRAPHQL] } };

describe('another WebSocket server on the same port', () => {
  it.each([GRAPHQL, `${GRAPHQL}?a=b`])('HS-09 keeps its path, and ours keep theirs: %s', async (target) => {
    const app = await startApp({ providers: [EchoGateway], configure: addGraphql, options: withPaths });
    const socket = createSocket(`${app.url}${target}`, { origin: 'https://anywhere.example' });
    onTestFinished(() => {
      socket.terminate();
    });
    const greeting = once(socket, 'message');
    await awaitOpen(socket);
    const [data] = (await expectSoon(greeting, 'the greeting')) as [Buffer];
    expect(data.toString()).toBe('graphql speaks');
    // It is theirs altogether: neither checked nor counted nor on record.
    expect(app.events.events).toEqual([]);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it.each([
    '/graphql/',
    '/GRAPHQL',
    '//graphql',
    '/graphql/../echo',
    '/graphqlx',
    '/%67raphql',
    '/nothing',
    'http://x/graphql',
  ])('HS-09 has no other path than that one: %s', async (target) => {
    const app = await startApp({ providers: [EchoGateway], configure: addGraphql, options: withPaths });
    expectWholeRefusal(await refusalOf(app, { target, fields: goodFields(app) }), 404);
  });

  it('HS-09 gets no path that a gateway has: it would be a way round every check', async () => {
    const options: TestOptions = { handshake: { origins: [], foreignPaths: ['/echo'] } };
    const [problem] = await bootProblems({ providers: [EchoGateway], options });
    expect(problem).toMatchObject({ where: 'handshake.foreignPaths' });
  });

  it('HS-09 stops the boot where no path is left to it: both would answer every handshake', async () => {
    const [problem] = await bootProblems({ providers: [EchoGateway], configure: addGraphql });
    expect(problem?.where).toBe('handshake.foreignPaths');
    expect(problem?.fix).toContain('/graphql');
  });

  it('HS-09 F37 does not answer for ours, though it refuses every path but its own', async () => {
    const app = await startApp({ providers: [EchoGateway], options: withPaths });
    const late = new WebSocketServer({ server: app.app.getHttpServer() as Server, path: GRAPHQL });
    onTestFinished(() => {
      late.close();
    });
    late.on('connection', (socket) => {
      socket.send('graphql speaks');
    });
    const socket = createSocket(`${app.url}${GRAPHQL}`, { origin: 'https://anywhere.example' });
    onTestFinished(() => {
      socket.terminate();
    });
    const greeting = once(socket, 'message');
    await awaitOpen(socket);
    expect(String(((await expectSoon(greeting, 'the greeting')) as [Buffer])[0])).toBe('graphql speaks');
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it('HS-09 HS-12 leaves no handshake unanswered where it is not there after all', async () => {
    const app = await startApp({ providers: [EchoGateway], options: withPaths });
    expectWholeRefusal(await refusalOf(app, { target: GRAPHQL }), 404);
  });
});
