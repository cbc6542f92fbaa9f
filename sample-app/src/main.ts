import 'reflect-metadata';
import { join } from 'node:path';
import type { ChatApp } from './chat-app.js';
import { readEnvironment } from './environment.js';

let running: ChatApp | undefined;

async function main(): Promise<void> {
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  process.stdout.write(
    'Starting the SecureWs chat: certificate, database, demo data. The first start takes longest.\n',
  );
  // After that line: loading Nest and the database takes a moment, in which the terminal would stay silent.
  const [{ createChatApp, DATA_DIRECTORY }, { startupText }] = await Promise.all([
    import('./chat-app.js'),
    import('./demo/startup-text.js'),
  ]);
  const { options, databaseUrl } = readEnvironment(process.env);
  running = await createChatApp({
    ...options,
    database: databaseUrl === undefined ? { directory: join(DATA_DIRECTORY, 'db') } : { url: databaseUrl },
    stateDirectory: DATA_DIRECTORY,
  });
  process.stdout.write(startupText(running, options.demo));
}

/** Tells everybody to come back, and ends. */
async function stop(): Promise<void> {
  await running?.close();
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`The chat did not start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
