import 'reflect-metadata';
import { join } from 'node:path';
import { readEnvironment } from './environment.js';

async function main(): Promise<void> {
  process.stdout.write(
    'Starting the SecureWs chat: certificate, database, demo data. The first start takes longest.\n',
  );
  // After that line: loading Nest and the database takes a moment, in which the terminal would stay silent.
  const [{ createChatApp, DATA_DIRECTORY }, { startupText }] = await Promise.all([
    import('./chat-app.js'),
    import('./demo/startup-text.js'),
  ]);
  const { options, databaseUrl } = readEnvironment(process.env);
  const chat = await createChatApp({
    ...options,
    database: databaseUrl === undefined ? { directory: join(DATA_DIRECTORY, 'db') } : { url: databaseUrl },
    stateDirectory: DATA_DIRECTORY,
  });
  process.stdout.write(startupText(chat, options.demo));
  process.once('SIGINT', () => void stop(chat.close()));
  process.once('SIGTERM', () => void stop(chat.close()));
}

async function stop(closing: Promise<void>): Promise<void> {
  await closing;
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`The chat did not start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
