import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Principal, SecureGateway, SecureWsModule, WsAuthorize, WsPrincipal, WsPublic } from '@secure-ws/nestjs';
import {
  connect,
  FakeClock,
  HandshakeRefusedError,
  SecureWsTestingModule,
  type SecureWsTestingOptions,
  testIdentity,
} from '@secure-ws/nestjs/testing';
import { IsString } from 'class-validator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CapturedLog } from '../support/captured-log.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

const ORIGIN = 'https://app.example.com';

class Note {
  @IsString()
  text!: string;
}

@WebSocketGateway({ path: '/notes' })
class NotesGateway {
  @WsAuthorize({ roles: ['writer'] })
  @SubscribeMessage('write')
  write(@MessageBody() note: Note): Note {
    return note;
  }

  @WsAuthorize()
  @SubscribeMessage('whoami')
  whoAmI(@WsPrincipal() principal: Principal): Principal {
    return principal;
  }
}

@WebSocketGateway({ path: '/board' })
@SecureGateway({ anonymous: true })
class BoardGateway {
  @WsPublic()
  @SubscribeMessage('read')
  read(): string {
    return 'hello';
  }
}

@WebSocketGateway({ path: '/other' })
@SecureGateway({
  authentication: {
    jwt: { ...TEST_JWT, secret: 'another-secret-of-the-test-suite-for-this-gateway', audience: 'other' },
  },
})
@WsAuthorize()
class OtherGateway {
  @SubscribeMessage('whoami')
  whoAmI(@WsPrincipal() principal: Principal): Principal {
    return principal;
  }
}

// As production has it: a real origin, a public URL, hosts, and strict limits.
@Module({
  imports: [
    SecureWsModule.forRoot({
      handshake: {
        origins: [ORIGIN],
        publicUrl: 'wss://chat.example.com',
        hosts: ['chat.example.com'],
        trustedProxies: 'none',
        limits: { ratePerAddress: { limit: 2, ttl: 60_000 } },
      },
      authentication: { jwt: TEST_JWT },
    }),
  ],
  providers: [NotesGateway, BoardGateway, OtherGateway],
})
class AppModule {}

async function start(options: SecureWsTestingOptions = {}, platform: 'express' | 'fastify' = 'express') {
  const log = new CapturedLog();
  const testing = await Test.createTestingModule({ imports: [AppModule, SecureWsTestingModule.forRoot(options)] })
    .setLogger(log)
    .compile();
  const app =
    platform === 'fastify' ? testing.createNestApplication(new FastifyAdapter()) : testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.listen(0);
  return app;
}

describe('SecureWsTestingModule', () => {
  it.each(['express', 'fastify'] as const)(
    'admits identities without a key of the application (%s)',
    async (platform) => {
      const app = await start({}, platform);
      const bob = testIdentity({ id: 'bob', roles: ['writer'], claims: { plan: 'gold' } });
      await using client = await connect(app, { path: '/notes', as: bob });
      expect(await client.request('write', { text: 'hi' })).toEqual({ event: 'write', data: { text: 'hi' }, id: 1 });
      expect(await client.request('whoami')).toMatchObject({
        data: { id: 'bob', key: bob.key, roles: ['writer'], claims: { plan: 'gold' } },
      });
    },
  );

  it('leaves every check in place', async () => {
    const app = await start();
    await using client = await connect(app, { path: '/notes', as: testIdentity() });
    expect(await client.request('write', { text: 'hi' })).toMatchObject({ data: { code: 'FORBIDDEN' } });
    await using writer = await connect(app, { path: '/notes', as: testIdentity({ roles: ['writer'] }) });
    expect(await writer.request('write', { text: 1 })).toMatchObject({ data: { code: 'VALIDATION_FAILED' } });
    const origin = 'https://evil.example';
    await expect(connect(app, { path: '/notes', as: testIdentity(), origin })).rejects.toMatchObject({ status: 403 });
    await expect(connect(app, { path: '/notes' })).rejects.toBeInstanceOf(HandshakeRefusedError);
    await expect(connect(app, { path: '/nowhere', as: testIdentity() })).rejects.toMatchObject({ status: 404 });
  });

  it('goes on admitting what the application itself admits', async () => {
    const app = await start();
    await using client = await connect(app, { path: '/notes', as: testToken({ sub: 'carol' }) });
    expect(await client.request('whoami')).toMatchObject({ data: { id: 'carol', kind: 'jwt' } });
    const forged = `${testIdentity().token}x`;
    await expect(connect(app, { path: '/notes', as: forged })).rejects.toMatchObject({ status: 401 });
  });

  it('admits them on a gateway with authenticators of its own, which keeps out the tokens of others', async () => {
    const app = await start();
    await using client = await connect(app, { path: '/other', as: testIdentity({ id: 'erin' }) });
    expect(await client.request('whoami')).toMatchObject({ data: { id: 'erin' } });
    await expect(connect(app, { path: '/other', as: testToken() })).rejects.toMatchObject({ status: 401 });
  });

  it('connects as a web page does, from the origin of production', async () => {
    const app = await start();
    await using client = await connect(app, {
      path: '/notes',
      as: testIdentity({ id: 'dave' }),
      credentialIn: 'subprotocol',
      origin: ORIGIN,
    });
    expect(client.protocol).toBe('json.v1');
    expect(await client.request('whoami')).toMatchObject({ data: { id: 'dave' } });
    await using anonymous = await connect(app, { path: '/board', origin: ORIGIN });
    expect(await anonymous.request('read')).toMatchObject({ data: 'hello' });
  });

  it('moves time', async () => {
    const clock = new FakeClock();
    const app = await start({ clock });
    await using client = await connect(app, { path: '/notes', as: testIdentity({ expiresInMs: 20_000 }) });
    clock.advance(19_000);
    expect(await client.request('whoami')).toMatchObject({ event: 'whoami' });
    clock.advance(2000);
    expect(await client.expectClose(4001)).toEqual({ code: 4001, reason: 'token-expired' });
  });

  it('lifts the limits by address, or leaves them', async () => {
    const relaxed = await start();
    for (let index = 0; index < 5; index++) await connect(relaxed, { path: '/notes', as: testIdentity() });
    const strict = await start({ limits: 'as-configured' });
    for (let index = 0; index < 2; index++) await connect(strict, { path: '/notes', as: testIdentity() });
    await expect(connect(strict, { path: '/notes', as: testIdentity() })).rejects.toMatchObject({ status: 429 });
  });

  it('says what is missing instead of waiting for it', async () => {
    const app = await start();
    const client = await connect(app, { path: '/notes', as: testIdentity() });
    const waiting = client.next('never');
    client.socket.close(1000);
    await expect(waiting).rejects.toThrow('The connection ended with 1000');
    await expect(client.expectClose(1012)).rejects.toThrow('Expected a close with 1012, and got 1000.');
    const silent = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication();
    await expect(connect(silent)).rejects.toThrow('await app.listen(0)');
  });
});
