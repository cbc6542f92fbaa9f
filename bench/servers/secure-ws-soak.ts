// The server of secure-ws.ts, which also tells how large its maps are.
import 'reflect-metadata';
import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { serve } from '../measure/serve.js';
import { OrdersModule } from '../orders/orders.module.js';
import { soakOptions } from '../orders/secure-ws-options.js';

/** What is asked of the parts of the module, which no entry point exports. */
interface Runtime {
  readonly lifecycle: { readonly count: number };
  readonly guard: { readonly counts: Readonly<Record<string, number>> };
  readonly timer: { readonly size: number };
  readonly unfinished: { readonly size: number; readonly bytes: number };
  readonly store: { readonly size: number };
}

const entry = import.meta.resolve('@secure-ws/nestjs');
const { SecureWsRuntime } = (await import(new URL('secure-ws.runtime.js', entry).href)) as {
  readonly SecureWsRuntime: new () => Runtime;
};

const app = await NestFactory.create(OrdersModule.with(soakOptions()), { logger: ['log', 'error', 'warn'] });
await app.listen(0, '127.0.0.1');
const { lifecycle, guard, timer, unfinished, store } = app.get(SecureWsRuntime);
serve(app.getHttpServer() as Server, undefined, () => ({
  connections: lifecycle.count,
  ...Object.fromEntries(Object.entries(guard.counts).map(([name, count]) => [`${name} places`, count])),
  deadlines: timer.size,
  'unfinished messages': unfinished.size,
  'unfinished bytes': unfinished.bytes,
  'keys of the store': store.size,
}));
