import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { OrdersModule } from '../orders/orders.module.js';
import { listen } from './listen.js';

await listen(await NestFactory.create(OrdersModule.with({ alerts: {} }), { logger: ['log', 'error', 'warn'] }));
