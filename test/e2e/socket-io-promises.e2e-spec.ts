import { UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, type WsConnection, WsAuthorize, WsConnection as Connection, WsReply } from '@secure-ws/nestjs';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsReplyInterceptor,
  WsSocketIdentities,
} from '@secure-ws/nestjs/socket-io';
import { Expose } from 'class-transformer';
import { BehaviorSubject } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LatePromises } from '../support/late-promises.js';
import { ask, asksForToken, connect, type IoServer } from '../support/socket-io-app.js';
import { sharedApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const late = new LatePromises();
const { later } = late;

let make: () => unknown = () => undefined;

class Item {
  @Expose() id!: string;
}

@UseGuards(WsAuthorizeGuard)
@UseInterceptors(WsReplyInterceptor)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway()
@WsAuthorize()
class PromiseGateway implements OnGatewayInit {
  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    const decide = asksForToken(this.identities);
    server.use((socket, next) => void (async () => next(await decide(socket)))());
  }

  @SubscribeMessage('return')
  return() {
    return make();
  }

  @WsReply(Item)
  @SubscribeMessage('item')
  item() {
    return make();
  }

  @SubscribeMessage('send')
  send(@Connection() connection: WsConnection) {
    return { outcome: connection.send('pushed', make()) };
  }

  @SubscribeMessage('throw')
  throw(): never {
    throw make();
  }
}

describe('what a handler on Socket.IO returns and has not awaited', () => {
  const app = sharedApp({
    secureWs: SecureWsModule.forRoot({ adapter: false, authentication: { jwt: TEST_JWT } }),
    configure: (nest) => void nest.useWebSocketAdapter(new IoAdapter(nest)),
    providers: [PromiseGateway],
  });

  async function client(): Promise<Socket> {
    const auth = { token: app().token() };
    const socket = io(app().httpUrl, { auth, transports: ['websocket'], forceNew: true, autoConnect: false });
    onTestFinished(() => void socket.disconnect());
    return connect(socket);
  }

  const inData = (): unknown => ({ id: 'a', profile: later() });
  const inMap = (): unknown => ({ id: 'a', of: new Map([['a', later()]]) });
  const refusal = { event: 'error', data: { code: 'INTERNAL' } };

  it.each<readonly [event: string, what: string, make: () => unknown, answer: unknown]>([
    ['return', 'a promise in its data', inData, refusal],
    ['return', 'a promise in a Map', inMap, { id: 'a', of: {} }],
    ['return', 'a promise in a Subject', () => ({ of: new BehaviorSubject(later()) }), refusal],
    ['item', 'a promise that is not declared', inData, { id: 'a' }],
    ['send', 'a promise in its data', inData, { outcome: 'dropped' }],
    ['send', 'a promise in a Map', inMap, { outcome: 'sent' }],
    ['throw', 'a promise', later, refusal],
  ])('DR-14 %s with %s: its rejection ends nothing', async (event, _what, what, answer) => {
    const crashes = late.begin();
    make = what;
    const socket = await client();
    expect(await ask(socket, event)).toMatchObject(answer as object);
    expect(late.rejectAll()).toBeGreaterThan(0);
    make = () => 'there';
    await ask(socket, 'return');
    expect(crashes).toEqual([]);
  });

  it('DR-14 beside what says how it is written: bytes are not read, and promises are found', async () => {
    const id = { toJSON: () => 'a' };
    const file = Buffer.from('file');
    const read = vi.spyOn(Buffer.prototype, 'toJSON');
    make = () => ({ id, file });
    const socket = await client();
    expect(await ask(socket, 'return')).toEqual({ id: 'a', file });
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
    const crashes = late.begin();
    make = () => ({ id: { toJSON: () => [{ at: later() }] }, file });
    expect(await ask(socket, 'return')).toMatchObject(refusal);
    late.rejectAll();
    make = () => 'there';
    await ask(socket, 'return');
    expect(crashes).toEqual([]);
  });

  it('sends bytes as bytes', async () => {
    make = () => ({ file: Buffer.from('file') });
    expect(await ask(await client(), 'return')).toEqual({ file: Buffer.from('file') });
  });
});
