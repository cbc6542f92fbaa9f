import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  LoggerSink,
  OnSecurityEvent,
  type SecurityEvent,
  SecurityEvents,
  WsAuthorize,
  type WsConnection,
  WsConnectionLifecycleService,
  WsCsrfTokens,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Text } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

/** Looks like the end of a real token, and occurs nowhere else. */
const CANARY = 'c4n4ryc4n4ryc4n4ryc4n4ry';
const FORGED = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.${CANARY}`;

/** What the server has in its hands of a connection. */
interface Held {
  readonly client: WebSocket;
  readonly connection: WsConnection;
}

@WsAuthorize()
@WebSocketGateway({ path: '/notes' })
class LeakyGateway {
  readonly held: Held[] = [];

  handleConnection(client: WebSocket, request: IncomingMessage, connection: WsConnection): void {
    this.held.push({ client, connection });
    // As it happens: an error of a library that quotes the request it failed with.
    if (request.url?.includes('fail') === true) {
      throw new Error(`Request failed: ${JSON.stringify({ authorization: request.headers.authorization })}`);
    }
  }

  @SubscribeMessage('note.write')
  write(@MessageBody() { text }: Text): void {
    throw new Error(`Could not store the note of Bearer ${text}.`);
  }
}

class Sessions extends WsSessionVerifier {
  override verify(cookie: string): Promise<{ id: string; sessionId: string } | undefined> {
    return Promise.resolve(cookie === `good-${CANARY}` ? { id: 'alice', sessionId: `session-${CANARY}` } : undefined);
  }
}

@Injectable()
class Listener {
  readonly heard: SecurityEvent[] = [];

  @OnSecurityEvent('ws.*')
  onAny(event: SecurityEvent): void {
    this.heard.push(event);
  }
}

interface Subject {
  readonly app: RunningApp;
  readonly sink: RecordingSink;
}

async function start(): Promise<Subject> {
  const sink = new RecordingSink();
  const app = await startApp({
    providers: [LeakyGateway, Listener],
    options: {
      events: { sinks: [sink, new LoggerSink()] },
      authentication: {
        jwt: TEST_JWT,
        session: { cookie: 'sid', verifier: new Sessions(), csrf: { secret: 'a-csrf-secret-of-the-test-suite-only' } },
      },
    },
  });
  return { app, sink };
}

/** Fails if any of the texts is in a sink, in the log, or in what a dump of the connections shows. */
function expectNoTrace({ app, sink }: Subject, ...secrets: readonly string[]): void {
  const { held } = app.app.get(LeakyGateway);
  const dumps = held.map(({ client, connection }) =>
    [client, connection, connection.principal].map((value) => inspect(value, { depth: 12, showHidden: true })).join(),
  );
  const logged = app.log.lines.join('\n');
  expect(sink.events.length).toBeGreaterThan(0);
  expect(logged).not.toBe('');
  for (const secret of secrets) {
    expect(JSON.stringify(sink.events)).not.toContain(secret);
    expect(inspect(sink.events, { depth: 12, showHidden: true })).not.toContain(secret);
    expect(logged).not.toContain(secret);
    for (const dump of dumps) expect(dump).not.toContain(secret);
  }
}

const REFUSED: readonly (readonly [where: string, path: string, shape: ClientShape])[] = [
  ['Authorization', '/notes', { token: FORGED }],
  ['a scheme of its own', '/notes', { headers: { Authorization: `ApiKey ${CANARY}` } }],
  ['a password', '/notes', { origin: APP_ORIGIN, headers: { Authorization: `Basic ${CANARY}` } }],
  ['the subprotocols', '/notes', { token: FORGED, tokenIn: 'subprotocol', origin: APP_ORIGIN }],
  ['an unknown subprotocol', '/notes', { protocols: [CANARY] }],
  ['the query', `/notes?token=${CANARY}`, {}],
  ['the query of an unknown path', `/nothing?access_token=${CANARY}`, {}],
  ['an unknown path', `/${CANARY}`, {}],
  ['the cookie', '/notes', { headers: { Cookie: `sid=${CANARY}` } }],
  ['the cookie of a page', '/notes', { origin: APP_ORIGIN, headers: { Cookie: `sid=${CANARY}` }, protocols: ['json.v1', `csrf.${CANARY}`] }],
  ['X-Api-Key', '/notes', { headers: { 'X-Api-Key': CANARY } }],
  ['Proxy-Authorization', '/notes', { headers: { 'Proxy-Authorization': `Bearer ${CANARY}` } }],
]; // prettier-ignore

describe('a credential', () => {
  it.each(REFUSED)('AN-17 MO-06 that is refused in %s stands in no event, line or answer', async (_, path, shape) => {
    const subject = await start();
    const refusal = await handshake(`${subject.app.url}${path}`, shape);
    expect(refusal).toMatchObject({ status: expect.any(Number) as number });
    expect(JSON.stringify(refusal)).not.toContain(CANARY);
    expectNoTrace(subject, CANARY);
  });

  it.each(['authorization', 'subprotocol'] as const)(
    'AN-17 MO-06 that is good in the %s stands in no event, line or dump, whatever fails later',
    async (tokenIn) => {
      const subject = await start();
      const { app } = subject;
      const token = testToken({ sub: 'alice-of-the-canaries' });
      const signature = token.slice(token.lastIndexOf('.') + 1);
      const shape: ClientShape = { token, tokenIn, origin: APP_ORIGIN };
      const client = await connect(`${app.url}/notes?ticket=${CANARY}`, shape);
      expect(JSON.stringify(await client.request('note.write', { text: CANARY }))).not.toContain(CANARY);
      client.sendRaw(`{"event":"${CANARY}","data":{"password":"${CANARY}"}}`);
      expect(JSON.stringify(await client.next())).not.toContain(CANARY);
      client.sendRaw(`not JSON: ${CANARY}`);
      expect(JSON.stringify(await client.next())).not.toContain(CANARY);
      expectNoTrace(subject, token, signature, CANARY);

      const failed = await connect(`${app.url}/notes?fail`, shape);
      const { reason } = await failed.expectClose(1011);
      expect(reason).not.toContain(signature);
      client.socket.close(4000, CANARY);
      await client.expectClose();
      expectNoTrace(subject, token, signature, CANARY);
      // Only as a keyed hash is it said who it was.
      expect(JSON.stringify(subject.sink.events)).not.toContain('alice-of-the-canaries');
    },
  );

  it('MO-06 names nobody: no user, session or token id in any sink, listener, counter or line, whatever happens', async () => {
    const subject = await start();
    const { app, sink } = subject;
    const ids = { sub: `user-${CANARY}`, sid: `session-${CANARY}`, jti: `token-${CANARY}` };
    const client = await connect(`${app.url}/notes`, { token: testToken(ids) });
    expect(app.app.get(LeakyGateway).held[0]?.connection.principal).toMatchObject({
      sessionId: ids.sid,
      tokenId: ids.jti,
    });
    for (const text of ['fails', 5, undefined]) await client.request('note.write', { text });
    await client.request('note.burn', {});
    client.sendRaw('no JSON');
    await client.next();
    app.app.get(WsConnectionLifecycleService).disconnect({ path: '/notes' }, 'REVOKED');
    await client.expectClose(4504);
    const { heard } = app.app.get(Listener);
    await until(() => heard.some(({ type }) => type === 'ws.connection.closed'), 'the listener has heard everything');
    const types = new Set(sink.events.map(({ type }) => type));
    expect([...types].sort()).toEqual(['ws.connection.closed', 'ws.connection.opened', 'ws.message.refused']);
    const shown = inspect([sink.events, heard, app.app.get(SecurityEvents).counts], {
      depth: 12,
    });
    for (const id of Object.values(ids)) expect(shown + app.log.lines.join('\n')).not.toContain(id);
  });

  it('AN-17 MO-06 that is a session stands in no event, line or dump of the socket', async () => {
    const subject = await start();
    const { app, sink } = subject;
    const csrf = app.app.get(WsCsrfTokens).issue(`session-${CANARY}`);
    const client = await connect(`${app.url}/notes`, {
      origin: APP_ORIGIN,
      protocols: ['json.v1', `csrf.${csrf}`],
      headers: { Cookie: `sid=good-${CANARY}` },
    });
    client.socket.close();
    await client.expectClose();
    expect(JSON.stringify(sink.events)).not.toContain(CANARY);
    expect(app.log.lines.join('\n')).not.toContain(CANARY);
    const [held] = app.app.get(LeakyGateway).held;
    const dump = inspect(held?.client, { depth: 12, showHidden: true });
    expect(dump).not.toContain(CANARY);
    expect(dump).not.toContain(csrf);
  });
});
