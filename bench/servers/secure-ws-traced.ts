import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { metrics, trace } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { SecureWsOpenTelemetryModule } from '@secure-ws/nestjs/opentelemetry';
import { OrdersModule } from '../orders/orders.module.js';
import { listen } from './listen.js';

// Every span is made and thrown away: what an exporter costs is the exporter's.
trace.setGlobalTracerProvider(new BasicTracerProvider());
metrics.setGlobalMeterProvider(new MeterProvider());

@Module({
  imports: [OrdersModule.with(), SecureWsOpenTelemetryModule.forRoot()],
})
class ObservedModule {}

await listen(await NestFactory.create(ObservedModule, { logger: ['log', 'error', 'warn'] }));
