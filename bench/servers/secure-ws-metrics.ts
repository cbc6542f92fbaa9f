import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { OrdersModule } from '../orders/orders.module.js';
import { listen } from './listen.js';

@Module({
  imports: [
    OrdersModule.with(),
    SecureWsMetricsModule.forRoot({ endpoint: { token: 'a-token-of-a-benchmark-that-nobody-sends' } }),
  ],
})
class ObservedModule {}

await listen(await NestFactory.create(ObservedModule, { logger: ['log', 'error', 'warn'] }));
