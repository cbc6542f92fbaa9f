// What a team builds on Nest's WsAdapter to protect the handshake: jsonwebtoken, a list of origins and a counter of each
// address in `verifyClient`, and one log line at each end of a connection.
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import type { VerifyClientCallbackAsync, WebSocket } from 'ws';
import { AddressCounter } from '../orders/address-counter.js';
import { verifyHeader, type TokenClaims } from '../orders/identity.js';
import type { OrderPlaced, PlaceOrder } from '../orders/place-order.js';
import { ALLOWED_ORIGIN } from '../orders/secure-ws-options.js';
import { listen } from './listen.js';

const allowedOrigins = new Set([ALLOWED_ORIGIN]);
const handshakes = new AddressCounter({ limit: 100_000_000, windowMs: 10_000 });
const identities = new WeakMap<IncomingMessage, TokenClaims>();

const verifyClient: VerifyClientCallbackAsync = ({ req, origin }, done) => {
  // `ws` types an origin as a string, and hands over undefined where a client sent none.
  if ((origin as string | undefined) !== undefined && !allowedOrigins.has(origin)) {
    done(false, 403);
    return;
  }
  if (!handshakes.hit(req.socket.remoteAddress ?? '')) {
    done(false, 429);
    return;
  }
  try {
    identities.set(req, verifyHeader(req.headers.authorization));
    done(true);
  } catch {
    done(false, 401);
  }
};

@WebSocketGateway({ path: '/orders', verifyClient })
class OrdersGateway implements OnGatewayConnection, OnGatewayDisconnect {
  private readonly logger = new Logger(OrdersGateway.name);
  private readonly clients = new WeakMap<WebSocket, string>();

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    const subject = identities.get(request)?.sub ?? '';
    this.clients.set(client, subject);
    this.logger.log(`${subject} connected from ${request.socket.remoteAddress ?? ''}`);
  }

  handleDisconnect(client: WebSocket): void {
    this.logger.log(`${this.clients.get(client) ?? ''} disconnected`);
  }

  @SubscribeMessage('order.place')
  place(@MessageBody() order: PlaceOrder): OrderPlaced {
    return { event: 'order.placed', data: order };
  }
}

@Module({ providers: [OrdersGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['log', 'error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await listen(app);
