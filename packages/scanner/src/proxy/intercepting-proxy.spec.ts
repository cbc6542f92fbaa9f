import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { OPCODES, writeFrame } from '../probe/frames.js';
import { readTarget } from '../scope/scan-target.js';
import type { After } from './desk/held-messages.js';
import type { LoggedMessage } from './desk/message-log.js';
import { TrafficDesk } from './desk/traffic-desk.js';
import { InterceptingProxy } from './intercepting-proxy.js';
import { Recording } from './recording.js';
import { readRules } from './rules/read-rules.js';

/** Timers that a test runs by hand. */
class HandTimers {
  private readonly waiting: { readonly ms: number; readonly run: () => void }[] = [];

  readonly after: After = (ms, run) => {
    const timer = { ms, run };
    this.waiting.push(timer);
    return () => void this.waiting.splice(this.waiting.indexOf(timer), 1);
  };

  run(): readonly number[] {
    return this.waiting.splice(0).map(({ ms, run }) => {
      run();
      return ms;
    });
  }
}

interface Started {
  readonly rules?: object[];
  readonly server?: ServerOptions;
  readonly echo?: boolean;
}

async function start({ rules = [], server: options = {}, echo = true }: Started = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const handshakes: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  const received: string[] = [];
  server.on('connection', (socket, request) => {
    handshakes.push(request);
    sockets.push(socket);
    socket.on('message', (data: Buffer, binary) => {
      received.push(data.toString());
      if (echo) socket.send(data, { binary });
    });
  });
  const { port: target } = server.address() as AddressInfo;
  return { ...(await startProxy(target, rules)), server, handshakes, sockets, received };
}

async function startProxy(target: number, rules: object[] = []) {
  const recording = new Recording();
  const timers = new HandTimers();
  const desk = new TrafficDesk({
    rules: rules.length === 0 ? [] : readRules(JSON.stringify({ rules })),
    holdMs: 5000,
    after: timers.after,
  });
  const entries: LoggedMessage[] = [];
  const notes: string[] = [];
  let wake: () => void = () => undefined;
  desk.listen({
    onMessage: (entry) => {
      entries.push(entry);
      wake();
    },
    onNote: (_, text) => {
      notes.push(text);
      wake();
    },
  });
  /** Waits until something was said. */
  const until = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const proxy = new InterceptingProxy(
    readTarget(`ws://127.0.0.1:${target}/chat`, { isAllowed: false }),
    desk,
    recording,
    ['https://app.example.com'],
  );
  onTestFinished(() => proxy.close());
  return { proxy, port: await proxy.listen(0), desk, recording, timers, entries, notes, until };
}

async function open(port: number, protocols: string[] = [], options: object = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://localhost:${port}/`, protocols, options);
  onTestFinished(() => client.terminate());
  await once(client, 'open');
  return client;
}

const messageOf = async (client: WebSocket): Promise<string> =>
  String(((await once(client, 'message')) as [Buffer])[0]);
const closeOf = async (client: WebSocket): Promise<readonly [code: number, reason: string]> => {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return [code, reason.toString()];
};

describe('InterceptingProxy', () => {
  it('SC-08 passes on and records what is said, and shows it without credentials', async () => {
    const { port, recording, entries, handshakes } = await start();
    const headers = { authorization: 'Bearer hidden-token-1' };
    const client = await open(port, ['a', 'b'], { headers, origin: 'https://app.example.com' });
    expect(client.protocol).toBe('a');
    client.send('it is hidden-token-1');
    expect(await messageOf(client)).toBe('it is hidden-token-1');
    expect(entries.map(({ shown }) => shown)).toEqual(['it is [redacted]', 'it is [redacted]']);
    expect(handshakes[0]?.url).toBe('/chat');
    expect(handshakes[0]?.headers).toMatchObject({ ...headers, origin: 'https://app.example.com' });
    expect(recording.entries).toMatchObject([{ status: 101, messages: [{ type: 'send' }, { type: 'receive' }] }]);
  });

  it('records that the server refused, and answers with its status and fields', async () => {
    const { port, recording } = await start({
      server: {
        verifyClient: (
          _: unknown,
          done: (ok: boolean, code: number, text: string, fields: Record<string, string>) => void,
        ) => done(false, 429, 'Slow', { 'Retry-After': '7' }),
      },
    });
    const client = new WebSocket(`ws://localhost:${port}/`);
    client.on('error', () => undefined);
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([response.statusCode, response.headers['retry-after']]).toEqual([429, '7']);
    client.terminate();
    expect(recording.entries).toMatchObject([{ status: 429, messages: [] }]);
  });

  it('SC-01 answers no other name than that of this machine', async () => {
    const { port, handshakes } = await start();
    const client = new WebSocket(`ws://localhost:${port}/`, { headers: { host: 'evil.example' } });
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('421');
    expect(handshakes).toEqual([]);
  });

  it('SC-01 lets no page of another site through, and keeps no cookie of the target for localhost', async () => {
    const { port, handshakes, notes, server } = await start();
    server.on('headers', (lines: string[]) => lines.push('Set-Cookie: sid=1', 'X-Said: yes'));
    const refusedWith = async (headers: Record<string, string>): Promise<string> => {
      const client = new WebSocket(`ws://localhost:${port}/`, { headers });
      const [error] = (await once(client, 'error')) as [Error];
      return error.message;
    };
    for (const origin of ['https://evil.example', 'null', 'https://localhost.evil.example', 'file://localhost']) {
      expect(await refusedWith({ origin })).toContain('403');
    }
    expect(await refusedWith({ 'sec-fetch-site': 'cross-site' })).toContain('403');
    expect(await refusedWith({ origin: 'https://evil.example' })).toContain('403');
    expect(handshakes).toEqual([]);
    const told = 'a page of the Origin https://evil.example was refused: --origin lets it in';
    expect(notes.filter((note) => note === told)).toEqual([told]);
    for (const origin of ['http://localhost:4200', 'https://127.0.0.1', 'http://[::1]:1', 'https://app.example.com']) {
      const client = new WebSocket(`ws://localhost:${port}/`, { headers: { origin, cookie: 'own=1' } });
      const [{ headers }] = (await once(client, 'upgrade')) as [IncomingMessage];
      expect([headers['set-cookie'], headers['x-said']]).toEqual([undefined, 'yes']);
      client.terminate();
    }
    expect(handshakes.map(({ headers }) => headers.cookie)).toEqual(Array(4).fill('own=1'));
  });

  it('SC-01 follows no redirect', async () => {
    const asked: string[] = [];
    const server = createHttp((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { Location: '/elsewhere' }).end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = await startProxy((server.address() as AddressInfo).port);
    const client = new WebSocket(`ws://localhost:${port}/`);
    client.on('error', () => undefined);
    const [, { statusCode }] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
    client.terminate();
    expect([statusCode, asked]).toEqual([302, ['/chat']]);
  });

  it('answers 502 where nobody listens', async () => {
    const free = createHttp().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port: target } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const { port, notes } = await startProxy(target);
    const [error] = (await once(new WebSocket(`ws://localhost:${port}/`), 'error')) as [Error];
    expect(error.message).toContain('502');
    expect(notes).toEqual(['the server does not answer']);
  });

  it('passes on binary messages, pings and pongs with what they carry, close codes and reasons', async () => {
    const { port, sockets, desk } = await start();
    const client = await open(port);
    const bytes = Buffer.from([0, 255, 128]);
    client.send(bytes);
    const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    expect([data, isBinary]).toEqual([bytes, true]);
    const [server] = sockets;
    if (server === undefined) throw new Error('There is a connection.');
    const pinged = once(server, 'ping');
    const ponged = once(client, 'pong');
    client.ping('one');
    expect(String((await pinged)[0])).toBe('one');
    expect(String((await ponged)[0])).toBe('one');
    const closed = closeOf(client);
    server.close(4001, 'enough');
    expect(await closed).toEqual([4001, 'enough']);
    const other = await open(port);
    const otherClosed = closeOf(sockets[1] ?? server);
    other.close();
    expect(await otherClosed).toEqual([1005, '']);
    expect(desk.openConnections.length).toBeLessThan(2);
  });

  it('keeps fragments, and lets a ping pass between them', async () => {
    const frames = await startRaw();
    const { client, received } = frames;
    const sent = [
      writeFrame({ opcode: OPCODES.text, payload: 'one ', isFinal: false }),
      writeFrame({ opcode: OPCODES.ping, payload: 'now' }),
      writeFrame({ opcode: OPCODES.continuation, payload: 'two ', isFinal: false }),
      writeFrame({ opcode: OPCODES.continuation, payload: 'three' }),
    ];
    client.write(Buffer.concat(sent));
    const [one, ping, two, three] = sent;
    expect(await received(Buffer.concat(sent).length)).toEqual(Buffer.concat([ping, one, two, three] as Buffer[]));
  });

  it('passes on what no endpoint may send, for the other side to judge', async () => {
    const { client, received } = await startRaw();
    const sent = Buffer.concat([
      writeFrame({ opcode: OPCODES.text, payload: 'no mask', isMasked: false }),
      writeFrame({ opcode: 3, payload: 'reserved' }),
      writeFrame({ opcode: OPCODES.text, payload: Buffer.from([0xff]), reserved: 0x20 }),
    ]);
    client.write(sent);
    expect(await received(sent.length)).toEqual(sent);
  });

  it('reads, changes and leaves out compressed messages without spoiling those behind them', async () => {
    const { port, entries, received } = await start({
      server: { perMessageDeflate: { threshold: 0 } },
      rules: [
        { contains: 'secret', direction: 'to-server', do: 'drop' },
        { contains: 'staging', direction: 'to-server', do: 'replace', find: 'staging', with: 'live' },
      ],
    });
    const client = await open(port, [], { perMessageDeflate: { threshold: 0 } });
    expect(client.extensions).toContain('permessage-deflate');
    const text = (what: string): string => JSON.stringify({ event: what, data: 'the same words again and again' });
    for (const what of ['first', 'secret', 'staging', 'last']) client.send(text(what));
    const answers: string[] = [];
    while (answers.length < 3) answers.push(await messageOf(client));
    expect(answers).toEqual([text('first'), text('live'), text('last')]);
    expect(received).toEqual(answers);
    expect(entries.filter(({ message }) => message.direction === 'to-server').map(({ state }) => state)).toEqual([
      'passed',
      'dropped',
      'changed',
      'passed',
    ]);
  });

  it('holds a message until it is decided, and what comes behind it; pings pass', async () => {
    const { port, desk, until, received, recording } = await start({
      rules: [{ name: 'orders', event: 'order', do: 'break' }],
      echo: false,
    });
    const client = await open(port);
    const ponged = once(client, 'pong');
    client.send('{"event":"order","data":1}');
    client.send('behind');
    client.ping('still here');
    await ponged;
    await until(() => desk.held.messages.length === 1);
    expect(received).toEqual([]);
    const [held] = desk.held.messages;
    expect(desk.held.decide(held?.id ?? 0, { kind: 'forward', data: Buffer.from('edited'), why: 'by hand' })).toBe(
      true,
    );
    expect(desk.held.decide(held?.id ?? 0)).toBe(false);
    client.close();
    await closeOf(client);
    expect(received).toEqual(['edited', 'behind']);
    expect(recording.entries[0]?.messages.map(({ data }) => data)).toEqual(['edited', 'behind']);
    expect(desk.log.entries.map(({ state, why }) => [state, why])).toEqual([
      ['changed', 'by hand'],
      ['passed', ''],
    ]);
  });

  it('forwards what nobody has decided in time, and delays for as long as a rule says', async () => {
    const { port, desk, until, timers, entries } = await start({
      rules: [
        { contains: 'hold', direction: 'to-server', do: 'break' },
        { contains: 'slow', direction: 'to-server', do: 'delay', ms: 250 },
      ],
    });
    const client = await open(port);
    for (const [text, ms] of [
      ['hold it', 5000],
      ['slow', 250],
    ] as const) {
      client.send(text);
      await until(() => desk.held.messages.length === 1);
      const answer = messageOf(client);
      expect(timers.run()).toEqual([ms]);
      expect(await answer).toBe(text);
    }
    expect(entries.map(({ why }) => why)).toContain('rule 1: nobody decided in time');
  });

  it('holds so many messages at once, and no more', async () => {
    const { port, desk, until, entries } = await start({
      rules: [{ contains: 'hold', direction: 'to-server', do: 'break' }],
    });
    for (let index = 1; index <= 50; index++) {
      (await open(port)).send('hold');
      await until(() => desk.held.messages.length === index);
    }
    const last = await open(port);
    last.send('hold');
    expect(await messageOf(last)).toBe('hold');
    expect(entries.find(({ why }) => why.includes('50 messages are held already'))).toBeDefined();
  });

  it('sends a message again: as often as asked for, on another connection, or changed', async () => {
    const { port, desk, received, recording } = await start();
    const [client, other] = [await open(port), await open(port)];
    client.send('a');
    await messageOf(client);
    const answers = messageOf(other);
    expect(await desk.replay(1, 2)).toBe(2);
    expect(await desk.replay(1, 1, { connection: 2, data: Buffer.from('b') })).toBe(1);
    expect(await answers).toBe('b');
    expect(received).toEqual(['a', 'a', 'a', 'b']);
    expect(recording.entries.map(({ messages }) => messages.filter(({ type }) => type === 'send').length)).toEqual([
      3, 1,
    ]);
    expect(desk.log.entries.filter(({ state }) => state === 'sent again')).toHaveLength(3);
    expect(await desk.replay(99, 1)).toBeUndefined();
    client.close();
    await closeOf(client);
    expect((await desk.replay(1, 1)) ?? 0).toBe(0);
  });

  it('sends a message again by rule, right behind it', async () => {
    const { port, received } = await start({
      rules: [{ contains: 'a', direction: 'to-server', do: 'replay', times: 2 }],
      echo: false,
    });
    const client = await open(port);
    client.send('a');
    client.send('b');
    client.close();
    await closeOf(client);
    expect(received).toEqual(['a', 'a', 'a', 'b']);
  });

  it('ends a client without a close frame where the server dies, and the server where the client dies', async () => {
    const { port, sockets, notes, until, desk } = await start({ rules: [{ contains: 'hold', do: 'break' }] });
    const client = await open(port);
    client.send('hold');
    await until(() => desk.held.messages.length === 1);
    const closed = closeOf(client);
    sockets[0]?.terminate();
    expect(await closed).toEqual([1006, '']);
    await until(() => desk.held.messages.length === 0);
    const second = await open(port);
    const serverClosed = once(sockets[1] as WebSocket, 'close');
    second.terminate();
    expect((await serverClosed)[0]).toBe(1006);
    expect(notes.filter((note) => note.startsWith('closed'))).toEqual([
      'closed by the server with 1006',
      'closed by the client with 1006',
    ]);
  });

  it('reads a side no faster than the other one takes', async () => {
    const { client, server, desk } = await startRaw();
    server.pause();
    const frame = writeFrame({ opcode: OPCODES.binary, payload: Buffer.alloc(65_536) });
    // Until what it writes is taken by nobody any more: then the proxy has stopped reading, and keeps no more than this.
    let written = 0;
    while (client.write(frame)) written++;
    for (let stuck = false; !stuck;) {
      while (client.write(frame)) written++;
      stuck = !(await Promise.race([once(client, 'drain').then(() => true), settled(server, client)]));
    }
    expect(desk.log.entries.length).toBeLessThanOrEqual(written + 1);
    expect(client.writableLength).toBeGreaterThan(0);
    server.resume();
    await once(client, 'drain');
  });

  it('closes both sides with 1009 for what is larger than goes through', async () => {
    const { port, sockets, notes } = await start();
    const client = await open(port);
    const [mine, theirs] = [closeOf(client), closeOf(sockets[0] as WebSocket)];
    client.on('error', () => undefined);
    client.send(Buffer.alloc(16_777_217));
    expect([(await mine)[0], (await theirs)[0]]).toEqual([1009, 1009]);
    expect(notes).toContain('closed by the proxy with 1009: a message is larger than 16 MiB');
  });

  it('SC-02 lets a message through as it came that nobody can decide on, at once or later', async () => {
    const { port, desk, notes } = await start();
    const client = await open(port);
    const stop = desk.listen({
      onNote: () => undefined,
      onMessage: ({ state }) => {
        if (state !== 'held') throw new Error('the disk is full');
      },
    });
    client.send('one');
    expect(await messageOf(client)).toBe('one');
    desk.breakOn({ direction: 'to-server' });
    const isHeld = new Promise<number>((resolve) =>
      desk.listen({ onNote: () => undefined, onMessage: ({ message }) => resolve(message.id) }),
    );
    client.send('two');
    desk.held.decide(await isHeld);
    expect(await messageOf(client)).toBe('two');
    stop();
    expect(notes).toContain('a message could not be looked at, and goes through as it came');
  });

  it('tells both sides when it ends', async () => {
    const { port, proxy, sockets } = await start();
    const client = await open(port);
    const [mine, theirs] = [closeOf(client), closeOf(sockets[0] as WebSocket)];
    await proxy.close();
    expect([(await mine)[0], (await theirs)[0]]).toEqual([1001, 1001]);
  });
});

/** Whether nothing moves any more between two ends: both sides of the kernel are full. */
async function settled(server: Socket, client: Socket): Promise<boolean> {
  let before = -1;
  while (before !== client.writableLength) {
    before = client.writableLength;
    for (let turn = 0; turn < 200; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return server.readableLength < 0;
}

/** A client and a server behind the proxy that say what bytes they are told to. */
async function startRaw() {
  const http = createHttp().listen(0, '127.0.0.1');
  onTestFinished(() => void http.close());
  await once(http, 'listening');
  const accepted = once(http, 'upgrade') as Promise<[IncomingMessage, Socket]>;
  const proxy = await startProxy((http.address() as AddressInfo).port);
  const client = connect(proxy.port, '127.0.0.1');
  client.on('error', () => undefined);
  onTestFinished(() => void client.destroy());
  client.write(
    [
      'GET / HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '',
      '',
    ].join('\r\n'),
  );
  const [, server] = await accepted;
  onTestFinished(() => void server.destroy());
  server.on('error', () => undefined);
  server.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  );
  const [head] = (await once(client, 'data')) as [Buffer];
  expect(head.toString()).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  const received = async (length: number): Promise<Buffer> => {
    let bytes = Buffer.alloc(0);
    while (bytes.length < length) bytes = Buffer.concat([bytes, ((await once(server, 'data')) as [Buffer])[0]]);
    return bytes;
  };
  return { ...proxy, client, server, received };
}
