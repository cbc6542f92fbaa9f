// The server guard-and-pipe with ThrottlerGuard in front: everything that Nest offers for this, wired by hand.
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Module, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ThrottlerModule } from '@nestjs/throttler';
import { MessageBody, SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { Accounts } from '../orders/accounts.js';
import { EVENT_THROTTLE } from '../orders/event-throttle.js';
import { identify, OrderAccessGuard } from '../orders/order-access.guard.js';
import { PlaceOrder, type OrderPlaced } from '../orders/place-order.js';
import { WsThrottlerGuard } from '../orders/ws-throttler.guard.js';
import { listen } from './listen.js';

@WebSocketGateway({ path: '/orders' })
class OrdersGateway implements OnGatewayConnection {
  handleConnection(client: WebSocket, request: IncomingMessage): void {
    identify(client, request);
  }

  @UseGuards(WsThrottlerGuard, OrderAccessGuard)
  @UsePipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }))
  @SubscribeMessage('order.place')
  place(@MessageBody() order: PlaceOrder): OrderPlaced {
    return { event: 'order.placed', data: order };
  }
}

@Module({ imports: [ThrottlerModule.forRoot([EVENT_THROTTLE])], providers: [Accounts, OrdersGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await listen(app);
