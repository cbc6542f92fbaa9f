import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { WsAuthorize, WsConnection } from '@secure-ws/nestjs';
import { EMPTY, interval, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

@WebSocketGateway({ path: '/replies' })
@WsAuthorize()
class RepliesGateway {
  @SubscribeMessage('value')
  value(): unknown {
    return { answer: 42 };
  }

  @SubscribeMessage('promise')
  promise(): Promise<unknown> {
    return Promise.resolve([1, 2]);
  }

  @SubscribeMessage('named')
  named(): WsResponse<string> {
    return { event: 'other', data: 'named' };
  }

  @SubscribeMessage('text')
  text(): string {
    return 'plain';
  }

  @SubscribeMessage('zero')
  zero(): number {
    return 0;
  }

  @SubscribeMessage('false')
  false(): boolean {
    return false;
  }

  @SubscribeMessage('nothing')
  nothing(): void {}

  @SubscribeMessage('stream')
  stream(): Observable<unknown> {
    return of(1, 2, 3);
  }

  @SubscribeMessage('empty')
  empty(): Observable<unknown> {
    return EMPTY;
  }

  @SubscribeMessage('endless')
  endless(): Observable<unknown> {
    return interval(60_000);
  }

  @SubscribeMessage('iterable')
  async *iterable(): AsyncGenerator<unknown> {
    yield 'a';
    yield await Promise.resolve('b');
  }

  @SubscribeMessage('push')
  push(@WsConnection() connection: WsConnection): void {
    connection.send('pushed', { by: connection.principal.id });
  }
}

const start = async () => {
  const app = await startApp({ providers: [RepliesGateway] });
  return connect(`${app.url}/replies`, { token: app.token() });
};

describe('a reply', () => {
  it.each([
    ['value', { event: 'value', data: { answer: 42 } }],
    ['promise', { event: 'promise', data: [1, 2] }],
    ['named', { event: 'other', data: 'named' }],
    ['text', { event: 'text', data: 'plain' }],
    ['zero', { event: 'zero', data: 0 }],
    ['false', { event: 'false', data: false }],
    ['nothing', { event: 'nothing' }],
  ])('carries the id of its request: %s', async (event, expected) => {
    const client = await start();
    client.send(event, undefined, 'request-1');
    expect(await client.next()).toEqual({ ...expected, id: 'request-1' });
  });

  it('has no id where the request had none, and does not come for nothing', async () => {
    const client = await start();
    client.send('nothing');
    client.send('value');
    expect(await client.next()).toEqual({ event: 'value', data: { answer: 42 } });
  });

  it('F34 F35 of a stream comes for each value, with the same id, and says where it ends', async () => {
    const client = await start();
    client.send('stream', undefined, 5);
    for (const data of [1, 2, 3]) expect(await client.next()).toEqual({ event: 'stream', data, id: 5 });
    expect(await client.next()).toEqual({ event: 'stream', end: true, id: 5 });
    client.send('iterable', undefined, 6);
    for (const data of ['a', 'b']) expect(await client.next()).toEqual({ event: 'iterable', data, id: 6 });
    expect(await client.next()).toEqual({ event: 'iterable', end: true, id: 6 });
    client.send('empty', undefined, 7);
    expect(await client.next()).toEqual({ event: 'empty', end: true, id: 7 });
    client.send('value', undefined, 8);
    expect(await client.next()).toMatchObject({ event: 'value', id: 8 });
  });

  it('of an endless stream does not hold up the next message, and there are only so many streams', async () => {
    const client = await start();
    for (let id = 0; id < 9; id++) client.send('endless', undefined, id);
    const refused = await client.next();
    expectError(refused, 'OVERLOADED');
    expect(refused.id).toBe(8);
    expect(await client.request('value')).toMatchObject({ event: 'value' });
  });

  it('may be joined by what the handler sends itself', async () => {
    const client = await start();
    client.send('push', undefined, 1);
    expect(await client.next()).toEqual({ event: 'pushed', data: { by: 'alice' } });
    expect(await client.next()).toEqual({ event: 'push', id: 1 });
  });
});
