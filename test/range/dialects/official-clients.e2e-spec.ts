import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Client } from '@stomp/stompjs';
import { Centrifuge } from 'centrifuge';
import { Socket } from 'phoenix';
import { expect, it, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { RANGE } from '../range-server.js';
import { centrifugo } from './centrifugo-speaker.js';
import { phoenix } from './phoenix-speaker.js';
import { signalR } from './signalr-speaker.js';
import { startSpeaker } from './speaker.js';
import { stomp } from './stomp-speaker.js';

/** A WebSocket of the page that the range admits. */
class PageSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[], options?: ClientOptions) {
    super(url, protocols ?? [], { ...options, origin: RANGE.origin });
  }
}

const browserSocket = PageSocket as unknown as typeof globalThis.WebSocket;

// These servers are written by the specification, as Node has none: what the official client of each understands is one.
it('SC-06 the hub of the range speaks SignalR, to the client of Microsoft', async () => {
  const url = (await startSpeaker(signalR)).replace(/^ws/, 'http');
  const hub = new HubConnectionBuilder()
    .withUrl(url, {
      skipNegotiation: true,
      transport: HttpTransportType.WebSockets,
      headers: { Origin: RANGE.origin },
      accessTokenFactory: () => RANGE.token,
    })
    .configureLogging(LogLevel.None)
    .build();
  onTestFinished(() => hub.stop());
  await hub.start();
  await expect(hub.invoke('note.list', {})).resolves.toEqual([]);
  await expect(hub.invoke('note.purge', {})).rejects.toThrow('FORBIDDEN');
});

it('SC-06 the broker of the range speaks STOMP, to @stomp/stompjs', async () => {
  const url = await startSpeaker(stomp);
  const client = new Client({
    webSocketFactory: () => new PageSocket(url, ['v12.stomp']),
    connectHeaders: { Authorization: `Bearer ${RANGE.token}` },
    reconnectDelay: 0,
  });
  onTestFinished(() => client.deactivate({ force: true }));
  const refused = new Promise((resolve) => {
    client.onStompError = ({ headers }) => resolve(headers['message']);
  });
  await new Promise<void>((resolve) => {
    client.onConnect = () => resolve();
    client.activate();
  });
  await new Promise<void>((resolve) => {
    client.watchForReceipt('1', () => resolve());
    client.publish({ destination: '/app/note.list', body: '{}', headers: { receipt: '1' } });
  });
  client.publish({ destination: '/app/note.purge', body: '{}' });
  await expect(refused).resolves.toBe('FORBIDDEN');
});

it('SC-06 the channels of the range speak as Phoenix does, to its client', async () => {
  const url = (await startSpeaker(phoenix)).replace('/websocket?vsn=2.0.0', '');
  const socket = new Socket(url, { transport: browserSocket });
  onTestFinished(() => new Promise((resolve) => socket.disconnect(() => resolve())));
  socket.connect();
  const channel = socket.channel('notes:all', { token: RANGE.token });
  const answerOf = (push: ReturnType<typeof channel.push>): Promise<unknown> =>
    new Promise((resolve) => {
      for (const status of ['ok', 'error'] as const) push.receive(status, (response) => resolve([status, response]));
    });
  await expect(answerOf(channel.join())).resolves.toEqual(['ok', {}]);
  await expect(answerOf(channel.push('note.list', {}))).resolves.toEqual(['ok', { notes: [] }]);
  await expect(answerOf(channel.push('note.purge', {}))).resolves.toEqual(['error', { reason: 'FORBIDDEN' }]);
  const other = socket.channel('notes:all', { token: 'nobody issued it' });
  await expect(answerOf(other.join())).resolves.toEqual(['error', { reason: 'unauthorized' }]);
});

it('SC-06 the server of the range speaks as Centrifugo does, to its client', async () => {
  const client = new Centrifuge(await startSpeaker(centrifugo), { websocket: PageSocket, token: RANGE.token });
  onTestFinished(() => client.disconnect());
  client.connect();
  await expect(client.rpc('note.list', {})).resolves.toEqual({ data: [] });
  await expect(client.rpc('note.purge', {})).rejects.toMatchObject({ code: 103, message: 'permission denied' });
});
