// The server of secure-ws.ts with the limits that the module has by default.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { OrdersModule } from '../orders/orders.module.js';
import { defaultLimits } from '../orders/secure-ws-options.js';
import { listen } from './listen.js';

await listen(await NestFactory.create(OrdersModule.with(defaultLimits()), { logger: ['log', 'error', 'warn'] }));
