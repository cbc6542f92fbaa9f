import { HttpException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { WsAuthorize, WsThrottle } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { connect, type Client } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

const SECRET = 'postgres://app:hunter2@10.0.0.5/orders';
const QUERY = 'SELECT * FROM users WHERE id = 1';
const CANARY = 'canary-of-the-client-7741';

class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly query = QUERY;
  readonly connection = SECRET;
}

const FAILURES: Readonly<Record<string, () => unknown>> = {
  'an Error': () => new Error(`connect ECONNREFUSED db password=${SECRET}`),
  'an Error with properties': () => new DatabaseError(SECRET),
  'an Error with a cause': () => new Error('outer', { cause: new DatabaseError(SECRET) }),
  'an HttpException': () => new InternalServerErrorException({ secret: SECRET, query: QUERY }),
  'an HttpException of 404': () => new NotFoundException(SECRET),
  'an HttpException of 400': () => new HttpException({ message: [SECRET], error: QUERY }, 400),
  'a WsException': () => new WsException(SECRET),
  'a WsException with an object': () => new WsException({ code: 'FORBIDDEN', message: SECRET, detail: QUERY }),
  'a WsException with a code of its own': () => new WsException({ code: SECRET }),
  'a string': () => SECRET,
  'an object': () => ({ message: SECRET, stack: QUERY, status: SECRET }),
};

@WebSocketGateway({ path: '/leaky' })
@WsAuthorize()
class LeakyGateway {
  static failure: () => unknown = () => undefined;

  @SubscribeMessage('leak')
  leak(@MessageBody() _: Text): void {
    throw LeakyGateway.failure();
  }

  @WsThrottle({ limit: 1, ttl: 60_000 })
  @SubscribeMessage('once')
  once(@MessageBody() _: Text): void {}

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admin')
  admin(@MessageBody() text: Text): Text {
    return text;
  }
}

const start = async (shape: AppShape = {}) => {
  const app = await startApp({ providers: [LeakyGateway], ...shape });
  return { app, client: await connect(`${app.url}/leaky`, { token: app.token() }) };
};

describe('the answer to a failure', () => {
  it.each(Object.keys(FAILURES))('OD-01 gives a code, a fixed text and a correlation id for %s', async (name) => {
    LeakyGateway.failure = FAILURES[name] as () => unknown;
    const { app, client } = await start();
    const reply = await client.request('leak', { text: CANARY });
    const text = JSON.stringify(reply);
    for (const secret of [SECRET, 'hunter2', QUERY, CANARY, 'leaky', 'LeakyGateway', 'Error', '.ts', '.js', 'at ']) {
      expect(text).not.toContain(secret);
    }
    const { code, correlationId } = expectError(reply, (reply.data as { code: 'INTERNAL' }).code);
    expect(['INTERNAL', 'FORBIDDEN', 'VALIDATION_FAILED', 'APPLICATION']).toContain(code);
    // The operator finds the same id in the audit.
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code, correlationId, event: 'leak' }]);
  });

  it('OD-01 leaves the stack for the operator, under the same correlation id', async () => {
    LeakyGateway.failure = () => new DatabaseError(SECRET);
    const { app, client } = await start();
    const { correlationId } = expectError(await client.request('leak', { text: 'x' }), 'INTERNAL');
    const lines = app.log.lines.filter((line) => line.includes(correlationId));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('LeakyGateway.leak');
    expect(lines[0]).toContain('DatabaseError');
  });
});

const CANARY_MESSAGES: readonly (readonly [what: string, code: string, provoke: (client: Client) => void])[] = [
  ['what is no JSON', 'BAD_MESSAGE', (client) => client.sendRaw(`{"event":"${CANARY}"`)],
  ['an envelope with another key', 'BAD_MESSAGE', (client) => client.sendRaw(`{"event":"leak","${CANARY}":1}`)],
  ['an id that is none', 'BAD_MESSAGE', (client) => client.send('leak', {}, `${CANARY} with a blank`)],
  ['an unknown event', 'FORBIDDEN', (client) => client.send(CANARY, { text: CANARY })],
  ['an event that is forbidden', 'FORBIDDEN', (client) => client.send('admin', { text: CANARY })],
  ['a value that is not valid', 'VALIDATION_FAILED', (client) => client.send('leak', { text: [CANARY] })],
  ['a handler that throws', 'INTERNAL', (client) => client.send('leak', { text: CANARY })],
  [
    'a limit that is reached',
    'THROTTLED',
    (client) => {
      client.send('once', { text: CANARY });
      client.send('once', { text: CANARY });
    },
  ],
];

describe('an error frame', () => {
  it.each(CANARY_MESSAGES)(
    'OD-02 OD-03 comes for %s (%s), and repeats nothing of the message',
    async (_, code, provoke) => {
      LeakyGateway.failure = () => new Error(CANARY);
      const { app, client } = await start();
      provoke(client);
      const reply = await client.next();
      expectError(reply, code as 'INTERNAL');
      expect(JSON.stringify(reply)).not.toContain(CANARY);
      expect(JSON.stringify(app.events.ofType('ws.message.refused'))).not.toContain(CANARY);
    },
  );

  it.each([1, -7, 0, 'a', 'A-z_09'.repeat(10), Number.MAX_SAFE_INTEGER])(
    'OD-02 carries the id of its message: %j',
    async (id) => {
      const { client } = await start();
      client.send('admin', { text: 'x' }, id);
      expect(await client.next()).toMatchObject({ event: 'error', id });
    },
  );

  it('OD-02 carries the id of a message whose envelope is wrong, where it can be read', async () => {
    const { client } = await start();
    client.sendRaw('{"event":"leak","id":"readable","surprise":1}');
    expect(await client.next()).toMatchObject({ event: 'error', id: 'readable', data: { code: 'BAD_MESSAGE' } });
  });

  it('OD-02 carries the number of a message that could not be read as far as its id', async () => {
    const { client } = await start();
    await client.request('admin', { text: 'x' });
    client.sendRaw('{');
    expect(await client.next()).toMatchObject({ event: 'error', messages: [2, 2], data: { code: 'BAD_MESSAGE' } });
  });

  it('OD-02 says when to come back', async () => {
    const { client } = await start();
    await client.request('once', { text: 'x' });
    const { retryAfterMs } = expectError(await client.request('once', { text: 'x' }), 'THROTTLED');
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});
