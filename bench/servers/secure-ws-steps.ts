// The server of secure-ws.ts, which also runs messages of its one connection through the first steps of the chain by itself.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { Chain } from '../orders/chain.js';
import { orderText } from '../orders/order-batch.js';
import { OrdersModule } from '../orders/orders.module.js';
import { listen } from './listen.js';

const app = await NestFactory.create(OrdersModule.with(), { logger: ['log', 'error', 'warn'] });
const frame = Buffer.from(orderText(0, 0));
let chain: Chain | undefined;

await listen(app, async ({ kind, times }) => {
  chain ??= new Chain(app.get(WsConnectionLifecycleService).find()[0]);
  await chain.run(frame, kind, times);
  return chain.names;
});
