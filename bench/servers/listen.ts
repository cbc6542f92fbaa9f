import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { serve } from '../measure/serve.js';
import type { Worker } from '../measure/usage.js';

/** Starts a Nest application on a free port of the loopback address and reports to the benchmark. */
export async function listen(app: INestApplication, doWork?: Worker): Promise<void> {
  await app.listen(0, '127.0.0.1');
  serve(app.getHttpServer() as Server, doWork);
}
