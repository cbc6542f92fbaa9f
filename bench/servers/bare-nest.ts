// A Nest gateway on Nest's own WsAdapter, as the documentation shows it: no identity, no validation, no limits.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OrderPlaced, PlaceOrder } from '../orders/place-order.js';
import { listen } from './listen.js';

@WebSocketGateway({ path: '/orders' })
class OrdersGateway {
  @SubscribeMessage('order.place')
  place(@MessageBody() order: PlaceOrder): OrderPlaced {
    return { event: 'order.placed', data: order };
  }
}

@Module({ providers: [OrdersGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await listen(app);
