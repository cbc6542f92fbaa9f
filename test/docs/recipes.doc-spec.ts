import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { Controller, type DynamicModule, type INestApplication, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsCsrfTokens, WsProofOfWork } from '@secure-ws/nestjs';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge } from 'altcha-lib/types';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example, examplesFolder } from './example.js';

const ORIGIN = 'https://app.example.com';

/** The HTTP side of an application with sessions. */
@Controller()
class LogInController {
  constructor(private readonly tokens: WsCsrfTokens) {}

  @Post('log-in')
  logIn(@Req() { session }: { session: { userId?: string; id?: string; sessionId?: string } }): { token: string } {
    session.userId = 'alice';
    return { token: this.tokens.issue(session.id ?? session.sessionId ?? '') };
  }
}

type TwoServers = (
  app: INestApplication,
  tls: object,
  ports: { http: number; https: number },
) => Promise<Record<string, Server>>;

interface LoggedIn {
  readonly cookie: string;
  readonly token: string;
}

function logIn(port: number): Promise<LoggedIn> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/log-in', method: 'POST', rejectUnauthorized: false });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.once('end', () => {
        const [cookie = ''] = (response.headers['set-cookie']?.[0] ?? '').split(';');
        resolve({ cookie, ...(JSON.parse(body) as { token: string }) });
      });
    });
    outgoing.end();
  });
}

/** Ends a session as the log-out of either middleware does. */
async function logOut(store: { destroy(id: string, callback: (error?: unknown) => void): void }, id: string) {
  const error = await new Promise((resolve) => {
    store.destroy(id, resolve);
  });
  expect(error ?? undefined).toBeUndefined();
}

const https = () => ({
  key: readFileSync(join(examplesFolder, 'localhost-key.pem')),
  cert: readFileSync(join(examplesFolder, 'localhost.pem')),
});

const PLATFORMS: readonly (readonly [string, (module: DynamicModule) => Promise<INestApplication>])[] = [
  ['recipes/express-session.ts', (module) => NestFactory.create(module, { logger: false, httpsOptions: https() })],
  [
    'recipes/fastify-session.ts',
    (module) => NestFactory.create(module, new FastifyAdapter({ https: https() }), { logger: false }),
  ],
];

const RECIPE_EXPORTS = ['authentication', 'useSessions', 'store'] as const;

describe.each(PLATFORMS)('%s', (path, create) => {
  it('F47 AN-08 HS-18 admits the session of a log-in, and no other cookie', async () => {
    const { authentication, useSessions, store } = await example(path, ...RECIPE_EXPORTS);
    const app = await create(around([EchoGateway], { authentication }, [LogInController]));
    onTestFinished(() => app.close());
    await (useSessions as (app: INestApplication) => Promise<void>)(app);
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    const { cookie, token } = await logIn(port);
    expect(cookie).toMatch(/^__Host-sid=/);
    const open = (headers: Record<string, string>, protocols = ['json.v1', `csrf.${token}`]) =>
      connect(app, { path: '/echo', origin: ORIGIN, headers, protocols });
    await using client = await open({ cookie });
    expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
    const flipped = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const forgeries = [flipped, cookie.replace(/[.][^.]*$/, ''), '__Host-sid=%', '__Host-sid=s%3A.'];
    for (const forged of forgeries) await expect(open({ cookie: forged })).rejects.toMatchObject({ status: 401 });
    await expect(open({ cookie }, ['json.v1'])).rejects.toMatchObject({ status: 403 });
    await logOut(store, /(?:s:)?([\w-]+)[.]/.exec(decodeURIComponent(cookie).slice('__Host-sid='.length))?.[1] ?? '');
    await expect(open({ cookie })).rejects.toMatchObject({ status: 401 });
  });
});

it('F47 recipes/rooms.gateway.ts reaches the members and nobody else', async () => {
  const { RoomsGateway, RoomMember } = await example('recipes/rooms.gateway.ts', 'RoomsGateway', 'RoomMember');
  const app = await boot(around([RoomsGateway, RoomMember]));
  const member = (id: string) => connect(app, { path: '/rooms', as: testIdentity({ id, scopes: ['room:tea'] }) });
  await using alice = await member('alice');
  await using bob = await member('bob');
  await using mallory = await connect(app, { path: '/rooms', as: testIdentity({ id: 'mallory' }) });
  expect(await alice.request('room.say', { room: 'tea', text: 'hello' })).toMatchObject({ data: { members: 1 } });
  expect(await bob.request('room.say', { room: 'tea', text: 'hi' })).toMatchObject({ data: { members: 2 } });
  expect(await alice.next('room.said')).toMatchObject({ data: { text: 'hello', by: 'alice' } });
  expect(await alice.next('room.said')).toMatchObject({ data: { text: 'hi', by: 'bob' } });
  expect(await mallory.request('room.say', { room: 'tea', text: 'x' })).toMatchObject({ data: { code: 'FORBIDDEN' } });
  expect(mallory.unread).toEqual([]);
  await bob.close();
  expect(await alice.request('room.say', { room: 'tea', text: 'bye' })).toMatchObject({ data: { members: 1 } });
});

it('F10 recipes/two-servers.ts serves the gateways on both', async () => {
  const { listen } = await example('recipes/two-servers.ts', 'listen');
  const app = await NestFactory.create(around([EchoGateway]), { logger: false });
  const servers: Record<string, Server> = await (listen as TwoServers)(app, https(), { http: 0, https: 0 });
  onTestFinished(async () => {
    await app.close();
    for (const server of Object.values(servers)) server.close();
  });
  for (const server of Object.values(servers)) {
    if (!server.listening) await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const scheme = server === servers['https'] ? 'wss' : 'ws';
    const headers = { Origin: 'https://evil.example' };
    const url = `${scheme}://127.0.0.1:${port}/echo`;
    const client = new WebSocket(url, { headers, rejectUnauthorized: false });
    await expect(once(client, 'open')).rejects.toThrow('403');
  }
});

it('F33 errors/rooms.gateway.ts, errors/refuse.ts and errors/sold-out.filter.ts answer as the page says', async () => {
  const { RoomsGateway } = await example('errors/rooms.gateway.ts', 'RoomsGateway');
  const app = await boot(around([RoomsGateway], { throttling: { connection: [{ limit: 100, ttl: 1000 }] } }));
  await using client = await connect(app, { path: '/rooms', as: testIdentity() });
  for (let members = 1; members <= 50; members++) {
    expect(await client.request('room.join', { roomId: 'tea' })).toMatchObject({ data: { members } });
  }
  expect(await client.request('room.join', { roomId: 'tea' })).toMatchObject({
    data: { code: 'APPLICATION', reason: 'ROOM_FULL', details: { capacity: 50 } },
  });
  const { refuse } = await example('errors/refuse.ts', 'refuse');
  expect(refuse).toThrow(expect.objectContaining({ code: 'THROTTLED', extras: { retryAfterMs: 5000 } }));
  const { SoldOutFilter } = await example('errors/sold-out.filter.ts', 'SoldOutFilter');
  const filter = new (SoldOutFilter as new () => { catch(): never })();
  expect(() => filter.catch()).toThrow(expect.objectContaining({ reason: 'SOLD_OUT' }));
});

it('F35 errors/ticks.gateway.ts ends with its connection', async () => {
  const { TicksGateway } = await example('errors/ticks.gateway.ts', 'TicksGateway');
  const app = await boot(around([TicksGateway]));
  await using client = await connect(app, { path: '/ticks', as: testIdentity() });
  client.send('ticks', undefined, 1);
  await client.close();
  await app.close();
  expect(client.unread).toEqual([]);
});

it('AN-10 challenge/app.module.ts asks for what challenge/page.ts solves', async () => {
  process.env['CHALLENGE_SECRET'] = 'a-secret-of-the-tests-for-challenges';
  process.env['JWT_SECRET'] = 'a-secret-of-the-tests-of-the-guide-0';
  const { AppModule, ChallengeController } = await example(
    'challenge/app.module.ts',
    'AppModule',
    'ChallengeController',
  );
  expect(ChallengeController).toBeDefined();
  const app = await boot(AppModule);
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const { solvedChallenge } = await example('challenge/page.ts', 'solvedChallenge');
  const solved = await (solvedChallenge as (url: string) => Promise<string>)(`http://127.0.0.1:${port}/ws-challenge`);
  expect(solved).toMatch(/^challenge\.[\w-]{300,}$/);
  const { LogInController } = await example('challenge/log-in.controller.ts', 'LogInController');
  const challengeOptions = {
    verifier: new WsProofOfWork({ secret: 'a key of the tests of the guide, and of nothing else', cost: 1 }),
  };
  const forms = await boot(
    around([EchoGateway], { handshake: { origins: [ORIGIN], trustedProxies: 'none', challenge: challengeOptions } }, [
      LogInController,
    ]),
  );
  const form = `http://127.0.0.1:${((forms.getHttpServer() as Server).address() as AddressInfo).port}/log-in`;
  const post = (body: object) =>
    fetch(form, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const asked = await post({});
  expect(asked.status).toBe(428);
  const { challenge } = (await asked.json()) as { challenge: Challenge };
  const payload = { challenge, solution: await solveChallenge({ challenge, deriveKey }) };
  const solution = Buffer.from(JSON.stringify(payload)).toString('base64url');
  expect(await (await post({ solution })).text()).toBe('now look at the password');
  process.env['TURNSTILE_SECRET'] = 'of the site';
  const { handshake } = await example('challenge/turnstile.ts', 'handshake');
  const page = await boot(around([EchoGateway], { handshake: { ...(handshake as object), trustedProxies: 'none' } }));
  const refused = connect(page, { path: '/echo', origin: ORIGIN, as: testIdentity() });
  await expect(refused).rejects.toMatchObject({ status: 403 });
});
