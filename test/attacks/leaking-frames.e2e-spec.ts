import { NotFoundException } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { WsAuthorize, WsThrottle } from '@secure-ws/nestjs';
import { findLeaks } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { Text } from '../support/echo.gateway.js';
import { HandshakeRefused } from '../support/handshake.js';
import { connect, type Client } from '../support/queueing-client.js';
import { type RunningApp, sharedApp } from '../support/start-app.js';

const SECRET = 'postgres://app:hunter2@10.0.0.5/orders';

/** Fails in every way that an application does. */
@WebSocketGateway({ path: '/shop' })
@WsAuthorize()
class ShopGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: Text): Text {
    return text;
  }

  @SubscribeMessage('crash')
  crash(): unknown {
    return (undefined as unknown as { orders: unknown }).orders;
  }

  @SubscribeMessage('database')
  database(): never {
    throw Object.assign(new Error(`connect ECONNREFUSED ${SECRET}`), { query: 'SELECT * FROM users' });
  }

  @SubscribeMessage('missing')
  missing(): never {
    throw new NotFoundException(`no such file /etc/orders/key.pem`);
  }

  @SubscribeMessage('own')
  own(): never {
    throw new WsException({ message: SECRET, stack: new Error(SECRET).stack });
  }

  @SubscribeMessage('stream')
  async *stream(): AsyncGenerator<unknown> {
    yield await Promise.resolve({ price: 10.25 });
    yield { price: 10.5 };
    throw new Error(SECRET);
  }

  @WsThrottle({ limit: 1, ttl: 60_000 })
  @SubscribeMessage('once')
  once(): void {}

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admin')
  admin(): void {}

  /** What no application should do. */
  @SubscribeMessage('leak')
  leak(): unknown {
    const user = { id: 1, passwordHash: `$2b$12$${'a'.repeat(53)}`, host: '10.0.0.5' };
    return { user, error: new Error('boom').stack };
  }

  @SubscribeMessage('leaking-stream')
  async *leakingStream(): AsyncGenerator<unknown> {
    yield await Promise.resolve({ price: 1 });
    yield { note: SECRET };
  }
}

const app = sharedApp({ providers: [ShopGateway] });
const enter = async ({ url, token }: RunningApp): Promise<Client> => connect(`${url}/shop`, { token: token() });

/** Reads what comes for one id, to its end. */
async function last(client: Client, event: string, id: string): Promise<void> {
  client.send(event, undefined, id);
  for (let message = await client.next(); message.end !== true && message.event !== 'error';) {
    message = await client.next();
  }
}

describe('what a server has sent', () => {
  it('OD-09 has no trace, address, key or token in it, whatever fails: replies, errors and streams', async () => {
    const client = await enter(app());
    await client.request('echo', { text: 'hello' });
    for (const event of ['crash', 'database', 'missing', 'own', 'admin', 'unknown', 'once', 'once']) {
      await client.request(event);
    }
    await client.request('echo', { text: [SECRET], [SECRET]: 1 });
    client.sendRaw(`{"event":"${SECRET}"`);
    await client.next();
    await last(client, 'stream', 'prices');
    expect(client.frames.length).toBeGreaterThanOrEqual(14);
    const codes = client.frames.map((frame) => (JSON.parse(String(frame)) as { data?: { code?: string } }).data?.code);
    for (const code of ['INTERNAL', 'FORBIDDEN', 'VALIDATION_FAILED', 'THROTTLED', 'BAD_MESSAGE']) {
      expect(codes).toContain(code);
    }
    expect(findLeaks(client.frames)).toEqual([]);
  });

  it('OD-09 has none in the answer to a refused handshake', async () => {
    for (const shape of [{}, { token: 'forged' }, { token: app().token(), origin: 'https://evil.example' }]) {
      const refused: unknown = await connect(`${app().url}/shop`, shape).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(HandshakeRefused);
      expect(findLeaks((refused as HandshakeRefused).refusal)).toEqual([]);
    }
  });

  it('OD-09 is found where the application leaks it: in a reply, and in the middle of a stream', async () => {
    const client = await enter(app());
    await client.request('leak');
    await last(client, 'leaking-stream', 'leaks');
    const found = findLeaks(client.frames);
    expect(found.map(({ rule, path }) => `${path} ${rule}`)).toEqual(
      expect.arrayContaining([
        '0.data.user.passwordHash password-hash',
        '0.data.user.passwordHash secret-field',
        '0.data.user.host private-address',
        '0.data.error stack-trace',
        '2.data.note connection-string',
      ]),
    );
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});
