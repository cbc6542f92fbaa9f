import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { type CanActivate, Injectable, Module, type Provider, type Type, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { onTestFinished } from 'vitest';

const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';

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

/** A gateway of Nest without any protection over `ws`, and its URL. It ends with the test. */
export const startNestOnWs = async (): Promise<string> => `${await startNest(WsGateway, WsAdapter)}/notes`;

/** The same over Socket.IO. */
export const startNestOnSocketIo = async (): Promise<string> => `${await startNest(IoGateway, IoAdapter)}${SOCKET_IO}`;

/** The same in the namespace `/admin` of Socket.IO. */
export const startNestOnNamespace = async (): Promise<string> =>
  `${await startNest(IoNamespaceGateway, IoAdapter)}${SOCKET_IO}`;

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
