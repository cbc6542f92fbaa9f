// @secure-ws/nestjs with everything on. Limits are higher than the load of a benchmark, and counted all the same.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, WsAuthorize, WsResource, WsThrottle } from '@secure-ws/nestjs';
import { AccountOwner } from '../orders/account-owner.policy.js';
import { Accounts, type Account } from '../orders/accounts.js';
import { EVENT_THROTTLE } from '../orders/event-throttle.js';
import { TRADER_ROLE } from '../orders/identity.js';
import { PlaceOrder, type OrderPlaced } from '../orders/place-order.js';
import { secureWsOptions } from '../orders/secure-ws-options.js';
import { listen } from './listen.js';

@WebSocketGateway({ path: '/orders' })
class OrdersGateway {
  @WsAuthorize(AccountOwner, { roles: [TRADER_ROLE] })
  @WsThrottle(EVENT_THROTTLE)
  @SubscribeMessage('order.place')
  place(@MessageBody() order: PlaceOrder, @WsResource() account: Account): OrderPlaced {
    if (account.id !== order.accountId) throw new Error('The policy granted another account than the order names.');
    return { event: 'order.placed', data: order };
  }
}

@Module({
  imports: [SecureWsModule.forRoot(secureWsOptions())],
  providers: [Accounts, AccountOwner, OrdersGateway],
})
class AppModule {}

await listen(await NestFactory.create(AppModule, { logger: ['log', 'error', 'warn'] }));
