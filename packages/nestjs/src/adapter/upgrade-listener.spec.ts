import 'reflect-metadata';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type CanActivate, type ExecutionContext, Inject, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { AuthenticationError, WsAuthenticator, type WsCredential } from '../authentication/authenticator.js';
import { createPrincipal, type Principal } from '../core/principal.js';
import { WsAuthorize } from '../authorization/ws-authorize.decorator.js';
import type { SecurityEvent } from '../events/security-event.js';
import { SecurityEventSink } from '../events/security-event-sink.js';
import { handshakePrincipal } from '../handshake/guards/handshake-principal.js';
import type { HandshakeResponse } from '../handshake/guards/handshake-response.js';
import { UseHandshakeGuards } from '../handshake/guards/use-handshake-guards.decorator.js';
import type { HandshakeOptions } from '../handshake/handshake.options.js';
import { SecureWsModule } from '../secure-ws.module.js';

const ORIGIN = 'http://localhost:4200';

/** `Bearer <name>` is that user; `Bearer forged` is nobody. */
class Names extends WsAuthenticator {
  override readonly kind = 'name';

  override accepts({ scheme }: WsCredential): boolean {
    return scheme === 'bearer';
  }

  override authenticate({ value }: WsCredential): Promise<Principal> {
    if (value === 'forged') return Promise.reject(new AuthenticationError('bad-signature'));
    return Promise.resolve(createPrincipal({ kind: 'name', issuer: 'test', id: value, authenticatedAt: 0 }));
  }
}

class Sink extends SecurityEventSink {
  readonly refused: SecurityEvent[] = [];
  readonly warned: SecurityEvent[] = [];

  override write(event: SecurityEvent): void {
    if (event.type === 'ws.handshake.refused') this.refused.push(event);
    if (event.type === 'ws.config.weak' || event.type === 'ws.handshake.forwarding-ignored') this.warned.push(event);
  }
}

@WebSocketGateway({ path: '/chat' })
@WsAuthorize()
class ChatGateway {
  connected = 0;

  handleConnection(): void {
    this.connected += 1;
  }

  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

@Injectable()
class Members {
  readonly names = new Set(['alice']);
}

@Injectable()
class MembersOnly implements CanActivate {
  constructor(@Inject(Members) private readonly members: Members) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    http.getResponse<HandshakeResponse>().setHeader('X-Room', 'lobby');
    return this.members.names.has(handshakePrincipal(http.getRequest<IncomingMessage>()).id);
  }
}

@Injectable({ scope: Scope.REQUEST })
class TrustsItsRequest implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: IncomingMessage | undefined) {}

  canActivate(context: ExecutionContext): boolean {
    return this.request !== undefined && this.request === context.switchToHttp().getRequest();
  }
}

@UseHandshakeGuards(MembersOnly, TrustsItsRequest)
@WebSocketGateway({ path: '/members' })
@WsAuthorize()
class MembersGateway extends ChatGateway {}

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface AppShape {
  readonly gateways?: readonly Type[];
  readonly handshake?: Partial<HandshakeOptions>;
  readonly beforeListen?: (server: Server) => void;
}

async function start({ gateways = [ChatGateway], handshake, beforeListen }: AppShape = {}) {
  const sink = new Sink();
  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: [ORIGIN], trustedProxies: 'none', limits: ROOMY, ...handshake },
        authentication: { authenticators: [new Names()] },
        events: { sinks: [sink] },
      }),
    ],
    providers: [Members, TrustsItsRequest, ...gateways],
  })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] })

    .compile();
  const app = testing.createNestApplication({ forceCloseConnections: true, logger: false });
  closing.push(() => app.close());
  const server = app.getHttpServer() as Server;
  beforeListen?.(server);
  await app.listen(0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  return { app, server, sink, port, url: `ws://127.0.0.1:${port}` };
}

const ROOMY = {
  ratePerAddress: { limit: 10_000, ttl: 1_000 },
  ratePerPrincipal: { limit: 10_000, ttl: 1_000 },
  backoff: { freeFailures: 1_000 },
};

/** Sends bytes as they are and gives everything that comes back until the server closes. */
async function raw(port: number, request: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.on('error', () => undefined).end(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

const requestFor = (path: string, fields: Readonly<Record<string, string>> = {}): string => {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
};

/** Opens a connection, or gives the status of the refusal. */
async function open(
  url: string,
  name: string,
): Promise<{ headers: IncomingMessage['headers']; socket: WebSocket } | number> {
  const socket = new WebSocket(url, { headers: { Authorization: `Bearer ${name}` } });
  return new Promise((resolve, reject) => {
    let headers: IncomingMessage['headers'] = {};
    socket.once('upgrade', (response) => {
      headers = response.headers;
    });
    socket.once('open', () => {
      resolve({ headers, socket });
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.on('error', () => undefined).terminate();
    });
    socket.once('error', reject);
  });
}

const ANSWERS = ['101', '400', '401', '403', '404', '405', '421', '426', '431'];

describe('UpgradeListener', () => {
  it('OD-07 OD-11 adds no-store to the 101, and neither a cookie nor a name of the server', async () => {
    const { url } = await start();
    const opened = await open(`${url}/chat`, 'alice');
    if (typeof opened === 'number') throw new Error('It must be admitted.');
    expect(opened.headers['cache-control']).toBe('no-store');
    for (const name of ['set-cookie', 'server', 'x-powered-by']) expect(opened.headers).not.toHaveProperty(name);
    opened.socket.terminate();
  });

  it('OD-06 OD-07 OD-11 answers a refusal with nothing about itself', async () => {
    const { port } = await start();
    const answer = await raw(port, requestFor('/chat', { Authorization: 'Bearer forged' }));
    expect(answer.split('\r\n\r\n')[0]?.split('\r\n')).toEqual([
      'HTTP/1.1 401 Unauthorized',
      'WWW-Authenticate: Bearer',
      'Connection: close',
      'Cache-Control: no-store',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${answer.split('\r\n\r\n')[1]?.length}`,
    ]);
  });

  it.each([
    [0, 10_000],
    [60_000, 10_000],
    [3_000, 3_000],
  ])('HS-15 bounds the time for a request head: %d ms become %d', async (before, after) => {
    const { server } = await start({
      beforeListen: (created) => {
        created.headersTimeout = before;
      },
    });
    expect(server.headersTimeout).toBe(after);
  });

  it('asks the guards of a gateway, with dependencies of its module and for each request', async () => {
    const { url, sink } = await start({ gateways: [ChatGateway, MembersGateway] });
    const opened = await open(`${url}/members`, 'alice');
    if (typeof opened === 'number') throw new Error('It must be admitted.');
    expect(opened.headers['x-room']).toBe('lobby');
    opened.socket.terminate();
    await expect(open(`${url}/members`, 'bob')).resolves.toBe(403);
    expect(sink.refused).toMatchObject([
      { reason: 'guard', path: '/members', principal: expect.any(String) as string },
    ]);
    const elsewhere = await open(`${url}/chat`, 'bob');
    expect(elsewhere).toMatchObject({ headers: expect.not.objectContaining({ 'x-room': 'lobby' }) as object });
    if (typeof elsewhere !== 'number') elsewhere.socket.terminate();
  });

  describe('beside another listener', () => {
    const graphql = (server: Server): void => {
      const other = new WebSocketServer({ noServer: true });
      server.on('upgrade', (request: IncomingMessage, socket, head) => {
        if (request.url !== '/graphql') return;
        other.handleUpgrade(request, socket, head, (client) => {
          client.send('data');
        });
      });
    };

    it('DP-04 leaves foreign paths alone, and checks its own', async () => {
      const { url, sink } = await start({ handshake: { foreignPaths: ['/graphql'] }, beforeListen: graphql });
      const client = new WebSocket(`${url}/graphql`, { headers: { Origin: 'https://elsewhere.example' } });
      const [message] = (await once(client, 'message')) as [Buffer];
      expect(message.toString()).toBe('data');
      client.terminate();
      const opened = await open(`${url}/chat`, 'alice');
      if (typeof opened === 'number') throw new Error('It must be admitted.');
      opened.socket.terminate();
      await expect(open(`${url}/chat`, 'forged')).resolves.toBe(401);
      await expect(open(`${url}/graphql2`, 'alice')).resolves.toBe(404);
      expect(sink.refused).toHaveLength(2);
    });

    it('DP-04 answers a foreign path by itself when nobody else is there', async () => {
      const { url } = await start({ handshake: { foreignPaths: ['/graphql'] } });
      await expect(open(`${url}/graphql`, 'alice')).resolves.toBe(404);
    });

    it('DP-04 does not boot where no path is left to the other one', async () => {
      await expect(start({ beforeListen: graphql })).rejects.toThrow('handshake.foreignPaths: names no path');
    });

    it('DP-04 says once that another one came after the boot', async () => {
      const { server, sink, url } = await start();
      server.on('upgrade', () => undefined);
      await open(`${url}/chat`, 'forged');
      await open(`${url}/chat`, 'forged');
      expect(sink.warned).toMatchObject([{ type: 'ws.config.weak', option: 'handshake.foreignPaths' }]);
    });

    it('DP-04 does not boot where a path belongs to both', async () => {
      await expect(start({ handshake: { foreignPaths: ['/chat'] } })).rejects.toThrow(
        'handshake.foreignPaths: lists /chat',
      );
    });
  });

  describe('for a page that speaks secure-ws.v1', () => {
    const openPage = (url: string, origin: string): WebSocket =>
      new WebSocket(url, ['secure-ws.v1', 'bearer.forged'], { origin });

    it('TR-11 shows a refusal as a close code, without a connection', async () => {
      const { app, url, sink } = await start();
      const page = openPage(`${url}/chat`, ORIGIN);
      const [code, reason] = (await once(page, 'close')) as [number, Buffer];
      expect([code, reason.toString()]).toEqual([4401, 'unauthenticated']);
      expect(app.get(ChatGateway).connected).toBe(0);
      expect(sink.refused).toMatchObject([{ status: 401, reason: 'unauthenticated', failure: 'bad-signature' }]);
    });

    it('HS-20 shows when to come back', async () => {
      const { url } = await start({ handshake: { limits: { ...ROOMY, ratePerAddress: { limit: 1, ttl: 60_000 } } } });
      await open(`${url}/chat`, 'forged');
      const page = openPage(`${url}/chat`, ORIGIN);
      const [code, reason] = (await once(page, 'close')) as [number, Buffer];
      expect(code).toBe(4029);
      expect(reason.toString()).toMatch(/^throttled;retryAfterMs=\d+$/);
    });

    it('HS-01 OD-06 shows nothing to a page of another origin', async () => {
      const { url } = await start();
      const page = openPage(`${url}/chat`, 'http://localhost:4201');
      page.on('error', () => undefined);
      const [, response] = (await once(page, 'unexpected-response')) as [unknown, IncomingMessage];
      expect(response.statusCode).toBe(403);
      page.terminate();
    });

    it('HS-12 HS-16 reads nothing that comes behind the refused handshake', async () => {
      const { app, port } = await start();
      const fields = { Origin: ORIGIN, 'Sec-WebSocket-Protocol': 'secure-ws.v1' };
      const frame = '\x81\x82\0\0\0\0{}';
      const answer = await raw(port, Buffer.from(requestFor('/chat', fields) + frame + requestFor('/chat'), 'latin1'));
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(answer.startsWith('HTTP/1.1 101 ')).toBe(true);
      expect(app.get(ChatGateway).connected).toBe(0);
    });
  });

  it('HS-20 an evil page cannot get its visitors, or the office behind the same NAT, refused', async () => {
    const limits = { ...ROOMY, ratePerAddress: { limit: 3, ttl: 60_000 }, backoff: { freeFailures: 0 } };
    const { port, url } = await start({ handshake: { limits } });
    const evil = requestFor('/chat', { Origin: 'https://evil.example', Cookie: 'sid=1' });
    for (let attempt = 0; attempt < 50; attempt += 1) {
      expect(await raw(port, evil)).toMatch(/^HTTP\/1\.1 403 /);
    }
    const opened = await open(`${url}/chat`, 'alice');
    expect(typeof opened).not.toBe('number');
    if (typeof opened !== 'number') opened.socket.terminate();
  });

  it('HS-14 says once that a peer which no option lists sends forwarding fields', async () => {
    const { port, sink } = await start();
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      const fields = { Origin: ORIGIN, 'X-Forwarded-For': address, 'X-Forwarded-Proto': 'https' };
      expect(await raw(port, requestFor('/chat', fields))).toMatch(/^HTTP\/1\.1 403 /);
    }
    expect(sink.warned).toMatchObject([
      {
        type: 'ws.handshake.forwarding-ignored',
        address: '127.0.0.1',
        header: 'x-forwarded-for',
        option: 'handshake.trustedProxies',
      },
    ]);
  });

  it('HS-14 TR-01 believes a listed proxy about the client and its TLS', async () => {
    const trustedProxies = { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } as const;
    const limits = { ...ROOMY, ratePerAddress: { limit: 1, ttl: 60_000 } };
    const { port, sink } = await start({ handshake: { trustedProxies, limits } });
    const ask = async (address: string, proto: string): Promise<string | undefined> => {
      const fields = { Origin: ORIGIN, 'X-Forwarded-For': address, 'X-Forwarded-Proto': proto };
      return /^HTTP\/1\.1 (\d{3})/.exec(await raw(port, requestFor('/chat', fields)))?.[1];
    };
    expect(await ask('192.0.2.1', 'https')).toBe('401');
    expect(await ask('203.0.113.66, 192.0.2.1', 'https')).toBe('429');
    expect(await ask('192.0.2.2', 'https, http')).toBe('403');
    expect(sink.refused).toMatchObject([
      { address: '192.0.2.1', reason: 'unauthenticated' },
      { address: '192.0.2.1', reason: 'address-rate', option: 'handshake.limits.ratePerAddress' },
      { address: '192.0.2.2', reason: 'plaintext' },
    ]);
    expect(sink.warned).toEqual([]);
  });

  it('HS-08 takes a name that a listed proxy passes on, and none that a page rebinds to this machine', async () => {
    const trustedProxies = { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } as const;
    const { port } = await start({ handshake: { trustedProxies } });
    const rebound = { Host: 'chat.example.com', Origin: ORIGIN };
    expect(await raw(port, requestFor('/chat', rebound))).toMatch(/^HTTP\/1\.1 421 /);
    const forwarded = { ...rebound, 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' };
    expect(await raw(port, requestFor('/chat', forwarded))).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('HS-23 HS-12 answers whatever is sent with whole responses, and stays up', async () => {
    const { port, url } = await start();
    const good = Buffer.from(
      requestFor('/chat?a=%41', {
        Origin: ORIGIN,
        Cookie: '__Host-sid="a%zz"; b',
        Authorization: 'Bearer forged',
        'Sec-WebSocket-Protocol': 'secure-ws.v1, csrf.x',
        Forwarded: 'for="[::1]";proto=https',
      }),
      'latin1',
    );
    const spare = Buffer.from('%[]"\\\u0080\u00ff\0;,= :/?@\t', 'latin1');
    let seed = 1;
    // A generator of its own: a failure comes back on the next run.
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(good);
      for (let change = 0; change <= round % 6; change += 1) {
        // Behind the method, and before the empty line that ends the head.
        const at = 4 + random(bytes.length - 8);
        if (bytes[at] !== 0x0d && bytes[at] !== 0x0a) bytes[at] = spare[random(spare.length)] ?? 0;
      }
      const answer = await raw(port, bytes);
      const statuses = answer.match(/^HTTP\/1\.1 (\d{3}) /) ?? [];
      expect(ANSWERS).toContain(statuses[1]);
    }
    const opened = await open(`${url}/chat`, 'alice');
    expect(typeof opened).not.toBe('number');
    if (typeof opened !== 'number') opened.socket.terminate();
  });
});
