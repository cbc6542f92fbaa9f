import { access } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import { captureMain } from '../nest/captured-main.js';

/** How long a `main.ts` may take, in milliseconds: it may connect to a database before it listens. */
const MAIN_MS = 60_000;

/**
 * Runs a compiled `main.ts` up to `app.listen()` or `app.init()`, which then do not happen: what it says to its application
 * (`enableCors()`, `useGlobalPipes()`, `set('trust proxy')`) has been said, and nothing listens.
 *
 * @throws Error where it throws, or comes to neither in time.
 */
export async function runMain(file: string): Promise<INestApplication> {
  if (/\.[cm]?tsx?$/.test(file)) throw new Error('--main takes the compiled file: name dist/main.js');
  await access(file);
  const { app, stop } = captureMain();
  let isDone = false;
  // A main that ends the process by itself must not pass for a command that found nothing.
  const onExit = (): void => {
    if (!isDone) process.exitCode = 1;
  };
  process.once('exit', onExit);
  let timer: NodeJS.Timeout | undefined;
  try {
    const failed = new Promise<never>((_, reject) => {
      import(pathToFileURL(file).href).catch(reject);
      const late = 'it took longer than a minute, or uses another copy of @nestjs/core than this command';
      timer = setTimeout(() => reject(new Error(late)), MAIN_MS);
    });
    return await Promise.race([app, failed]);
  } finally {
    clearTimeout(timer);
    isDone = true;
    process.off('exit', onExit);
    stop();
  }
}
