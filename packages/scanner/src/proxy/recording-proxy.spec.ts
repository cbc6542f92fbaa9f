import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { readTarget } from '../scope/scan-target.js';
import { Recording } from './recording.js';
import { RecordingProxy } from './recording-proxy.js';

async function start(verify = true) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient: () => verify });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  const handshakes: IncomingMessage[] = [];
  server.on('connection', (socket, request) => {
    handshakes.push(request);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  const { port: target } = server.address() as AddressInfo;
  const recording = new Recording();
  const shown: string[] = [];
  const proxy = new RecordingProxy(readTarget(`ws://127.0.0.1:${target}/chat`, { isAllowed: false }), recording, {
    onMessage: (_, { data }) => void shown.push(data),
    onNote: () => undefined,
  });
  onTestFinished(() => proxy.close());
  return { port: await proxy.listen(0), recording, shown, handshakes };
}

describe('RecordingProxy', () => {
  it('SC-08 passes on and records what is said, and shows it without credentials', async () => {
    const { port, recording, shown, handshakes } = await start();
    const headers = { authorization: 'Bearer hidden-token-1' };
    const client = new WebSocket(`ws://localhost:${port}/`, ['a', 'b'], { headers, origin: 'https://app.example.com' });
    onTestFinished(() => client.terminate());
    await once(client, 'open');
    expect(client.protocol).toBe('a');
    client.send('it is hidden-token-1');
    const [answer] = (await once(client, 'message')) as [Buffer];
    expect(answer.toString()).toBe('it is hidden-token-1');
    expect(shown).toEqual(['it is [redacted]', 'it is [redacted]']);
    expect(handshakes[0]?.url).toBe('/chat');
    expect(handshakes[0]?.headers).toMatchObject({ ...headers, origin: 'https://app.example.com' });
    expect(recording.entries).toMatchObject([{ status: 101, messages: [{ type: 'send' }, { type: 'receive' }] }]);
    client.close(4001, 'enough');
    expect(((await once(client, 'close')) as [number])[0]).toBe(4001);
  });

  it('records that the server refused, and answers with its status', async () => {
    const { port, recording } = await start(false);
    const client = new WebSocket(`ws://localhost:${port}/`);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('401');
    expect(recording.entries).toMatchObject([{ status: 401, messages: [] }]);
  });

  it('SC-01 answers no other name than that of this machine', async () => {
    const { port, handshakes } = await start();
    const client = new WebSocket(`ws://localhost:${port}/`, { headers: { host: 'evil.example' } });
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('421');
    expect(handshakes).toEqual([]);
  });
});

describe('Recording', () => {
  const entry = { url: 'ws://a/', startedAt: 0, request: [], status: 101, response: [] };
  const text = { type: 'send', time: 0, opcode: 1, data: 'four' } as const;

  it.each([
    ['messages', { maxEntries: 9, maxMessages: 1, maxCharacters: 99 }],
    ['characters', { maxEntries: 9, maxMessages: 9, maxCharacters: 7 }],
  ])('keeps no more %s than it may', (_, limits) => {
    const recording = new Recording(limits);
    const keep = recording.begin(entry);
    keep(text);
    expect(recording.isCut).toBe(false);
    keep(text);
    expect(recording.isCut).toBe(true);
    expect(recording.entries[0]?.messages).toEqual([text]);
  });

  it('keeps no more connections than it may', () => {
    const recording = new Recording({ maxEntries: 1, maxMessages: 9, maxCharacters: 99 });
    recording.begin(entry);
    recording.begin(entry);
    expect(recording.entries).toHaveLength(1);
    expect(recording.isCut).toBe(true);
  });
});
