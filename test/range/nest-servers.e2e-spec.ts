import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { type CanActivate, Injectable, Module, type Provider, type Type, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { scan, type ScanOptions, type ScanResult } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';

@Injectable()
class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Handlers {
  @SubscribeMessage('note.add')
  add(@MessageBody() text: unknown): unknown {
    return { event: 'note.added', data: text };
  }

  @UseGuards(Nobody)
  @SubscribeMessage('note.purge')
  purge(): string {
    return 'gone';
  }
}

@WebSocketGateway({ path: '/notes' })
class WsGateway extends Handlers {}

@WebSocketGateway()
class IoGateway extends Handlers {}

@WebSocketGateway({ namespace: '/admin' })
class IoNamespaceGateway extends Handlers {}

/** An application of Nest without any protection, on a free port. */
async function startNest(gateway: Type, Adapter: typeof WsAdapter | typeof IoAdapter): Promise<string> {
  @Module({ providers: [gateway as Provider] })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = testing.createNestApplication({ logger: false, forceCloseConnections: true });
  app.useWebSocketAdapter(new Adapter(app));
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return `ws://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
}

const scanFast = (options: ScanOptions): Promise<ScanResult> =>
  scan({ limits: { connectionsPerSecond: 1000 }, settleMs: 50, ...options });

const idsOf = ({ outcomes }: ScanResult, wanted: string): readonly string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);

describe('what Nest gives by itself', { timeout: 120_000 }, () => {
  it('SC-06 is an F on ws, by one address and nothing else', async () => {
    const result = await scanFast({ target: `${await startNest(WsGateway, WsAdapter)}/notes`, isDisruptive: true });
    expect(result.grade).toMatchObject({ letter: 'F' });
    expect(idsOf(result, 'finding')).toEqual(
      expect.arrayContaining([
        'foreign-origin',
        'null-origin',
        'foreign-host',
        'foreign-subprotocol',
        'oversized-message',
      ]),
    );
    // Nobody answers a message that nobody handles: whether others are answered is not known without one.
    expect(idsOf(result, 'not-tested')).toEqual(expect.arrayContaining(['unauthenticated', 'message-rate']));
  });

  it('SC-06 is an F on ws with messages that it answers: to nobody, and told apart from those that it does not know', async () => {
    const result = await scanFast({
      target: `${await startNest(WsGateway, WsAdapter)}/notes`,
      messages: ['{"event":"note.add","data":"x"}', '{"event":"note.purge","data":{}}'],
      isDisruptive: true,
    });
    expect(result.dialect).toBe('nest-ws');
    expect(idsOf(result, 'finding')).toEqual(
      expect.arrayContaining(['unauthenticated', 'event-enumeration', 'message-rate']),
    );
  });

  it('SC-06 is an F on Socket.IO, whose dialect is recognised by its greeting', async () => {
    const target = `${await startNest(IoGateway, IoAdapter)}/socket.io/?EIO=4&transport=websocket`;
    const result = await scanFast({
      target,
      origin: 'https://app.example.com',
      messages: ['42["note.purge",{}]', '42["note.add","x"]'],
    });
    expect(result.dialect).toBe('socket.io');
    expect(result.grade.letter).toBe('F');
    expect(idsOf(result, 'finding')).toEqual(
      expect.arrayContaining(['foreign-origin', 'unauthenticated', 'event-enumeration']),
    );
    const admin = await scanFast({
      target: `${await startNest(IoNamespaceGateway, IoAdapter)}/socket.io/?EIO=4&transport=websocket`,
      messages: ['42/admin,1["note.add","x"]', '42/admin,["note.purge",{}]'],
    });
    expect(idsOf(admin, 'finding')).toEqual(expect.arrayContaining(['unauthenticated', 'event-enumeration']));
    const greeted = await scanFast({ target, limits: { connectionsPerSecond: 1000, maxConnections: 3 } });
    expect(greeted.dialect).toBe('socket.io');
  });
});
