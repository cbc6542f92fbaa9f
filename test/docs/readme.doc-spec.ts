import { connect } from '@secure-ws/nestjs/testing';
import { SecureWsModule } from '@secure-ws/nestjs';
import { JwtService } from '@nestjs/jwt';
import { expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { boot, example } from './example.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const ORDER = { symbol: 'ACME', quantity: 3 };
/** The accounts of the two `wscat` commands: that of Alice, and that of Bob. */
const [ALICES = '', BOBS = ''] = [...README.matchAll(/"accountId":"([\w-]{36})"/g)].map(([, id]) => id);

it('F44 the quick start ends in one success and one refusal', async () => {
  // The files of the quick start import each other: README/app.module.ts, README/orders.gateway.ts, README/accounts.ts.
  const { AppModule } = await example('README/app.module.ts', 'AppModule');
  const app = await boot(AppModule);
  // As its command makes it: not an identity of the test module.
  const token = new JwtService({ secret: process.env['JWT_SECRET'] ?? '' }).sign(
    { sub: 'alice', scope: 'orders:write' },
    { issuer: 'https://id.example.com', audience: 'orders', expiresIn: '1h' },
  );
  await using client = await connect(app, { path: '/orders', as: token });
  expect(await client.request('order.place', { accountId: ALICES, ...ORDER })).toMatchObject({
    data: { accepted: true, account: ALICES, by: 'alice', quantity: 3 },
  });
  const refused = await client.request('order.place', { accountId: BOBS, ...ORDER });
  expect(refused).toMatchObject({ event: 'error', data: { code: 'FORBIDDEN', message: 'This is not allowed.' } });
  await expect(connect(app, { path: '/orders' })).rejects.toMatchObject({ status: 401 });
});

it('F44 the boot error prints as the README shows it', async () => {
  @WebSocketGateway({ path: '/orders' })
  class OrdersGateway {
    @SubscribeMessage('order.place')
    place(@MessageBody() order: unknown): unknown {
      return order;
    }
  }

  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'], trustedProxies: 'none' },
        authentication: {
          jwt: { secret: 'secret', algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'orders' },
        },
      }),
    ],
    providers: [OrdersGateway],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  const error: unknown = await app.listen(0).catch((thrown: unknown) => thrown);
  await app.close();
  expect(README).toContain(`\`\`\`\n${(error as Error).message}\n\`\`\`\n`);
});

it('F44 the README stays one page', () => {
  expect(README.split('\n').length).toBeLessThan(200);
});
