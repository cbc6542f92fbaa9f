import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type AccountServer, startAccountServer } from './account-server/account-server.js';
import { AccountsService } from './accounts/accounts.service.js';
import { PasswordHasher } from './accounts/password-hasher.js';
import { AppModule } from './app.module.js';
import { loadCertificate } from './certificate/self-signed-certificate.js';
import type { ChatSettings } from './chat-settings.js';
import type { Database } from './database/database.js';
import { openDatabase, type DatabaseLocation } from './database/open-database.js';
import { seedDemo } from './demo/seed-demo.js';
import { StateDirectory } from './state/state-directory.js';
import { BoundServerAdapter } from './web/bound-server.adapter.js';
import { hostCheck } from './web/host-check.js';
import { listen } from './web/listen.js';
import { createRedirectServer } from './web/redirect-server.js';
import { securityHeaders } from './web/security-headers.js';
import { serveStaticPages } from './web/static-pages.js';

/** Where a started app keeps its data by default: `sample-app/.data`. */
export const DATA_DIRECTORY = fileURLToPath(new URL('../.data/', import.meta.url));

/** How to start the chat. */
export interface ChatAppOptions {
  /** The port for HTTPS; 0 for any free one. */
  readonly port: number;
  /** The port that redirects to HTTPS; 0 for any free one. */
  readonly httpPort: number;
  /**
   * The address to listen on.
   *
   * @default '127.0.0.1', because the demo's passwords are public
   */
  readonly host?: string;
  readonly database: DatabaseLocation;
  /** Where the certificate is kept. Without it, it lives as long as the app. */
  readonly stateDirectory?: string;
  /** Whether there is an account server, and an empty database gets the demo's users and rooms. @default true */
  readonly demo?: boolean;
  /** The port of the account server; 0 for any free one. @default 0 */
  readonly accountServerPort?: number;
  /** How long a connection lasts, in milliseconds, unless its page refreshes it. @default 900000 */
  readonly accessMs?: number;
  /** What Nest logs. @default Nest's own */
  readonly logger?: false;
}

/** A running chat. */
export interface ChatApp {
  /** Such as `https://localhost:3443`. */
  readonly url: string;
  /** Where the plain port listens, such as `http://localhost:3080`. */
  readonly httpUrl: string;
  /** The certificate, as PEM: for clients that check it. */
  readonly certificate: string;
  readonly app: NestExpressApplication;
  /** Ends connections, servers and database. Calling it twice is harmless. */
  close(): Promise<void>;
}

/**
 * Starts the chat on HTTPS and a plain port that redirects to it.
 *
 * @throws when a port is taken, the database cannot be opened, or an option is wrong. Nothing is left open then.
 */
export async function createChatApp(options: ChatAppOptions): Promise<ChatApp> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup();
  };
  try {
    return await start(options, cleanups, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: ChatAppOptions,
  cleanups: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<ChatApp> {
  const { host = '127.0.0.1', demo = true, accessMs = 15 * 60_000 } = options;
  const state = options.stateDirectory === undefined ? undefined : new StateDirectory(options.stateDirectory);
  const certificate = await loadCertificate(state);

  // The port is bound before Nest is configured: the allowed origins and the issuer contain it.
  const server = createServer({ ...certificate, minVersion: 'TLSv1.2' }, answerStarting);
  const port = await listen(server, options.port, host);
  cleanups.push(async () => server.close());
  const publicUrl = `https://localhost:${port}`;

  const database = await openDatabase(options.database);
  cleanups.push(() => database.close());
  let accountServer: AccountServer | undefined;
  if (demo) {
    await seedDemo(database);
    const accounts = new AccountsService(database, new PasswordHasher());
    const { accountServerPort = 0 } = options;
    accountServer = await startAccountServer({ port: accountServerPort, chatUrl: publicUrl, accounts, accessMs });
    cleanups.push(() => Promise.resolve(accountServer?.close()));
  }
  const settings = { publicUrl, origins: [publicUrl, `https://127.0.0.1:${port}`], accessMs, accountServer };
  const adapter = new BoundServerAdapter(server);
  const app = await createNestApp(settings, database, adapter, options.logger);
  cleanups.push(() => app.close());
  await app.init();
  adapter.open();

  // Last: nobody is sent to a page that is not there yet.
  const redirect = createRedirectServer(publicUrl);
  const httpPort = await listen(redirect, options.httpPort, host);
  cleanups.push(async () => redirect.close());

  return { url: publicUrl, httpUrl: `http://localhost:${httpPort}`, certificate: certificate.cert, app, close };
}

/** Until the app is ready. A browser asks again by itself. */
function answerStarting(_: unknown, response: ServerResponse): void {
  response.writeHead(503, {
    'Cache-Control': 'no-store',
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    Refresh: '1',
    'Retry-After': '1',
  });
  response.end('The chat is starting. This page reloads by itself.\n');
}

async function createNestApp(
  settings: ChatSettings,
  database: Database,
  adapter: BoundServerAdapter,
  logger: false | undefined,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(settings, database), adapter, {
    // Nest's own parsers take forms too, which any web page can post; only JSON is read here, and little of it.
    bodyParser: false,
    abortOnError: false,
    ...(logger === undefined ? {} : { logger }),
  });
  app.disable('x-powered-by');
  app.use(securityHeaders(settings.origins), hostCheck(settings.origins));
  app.useBodyParser('json', { limit: '4kb', type: 'application/json' });
  serveStaticPages(app);
  return app;
}
