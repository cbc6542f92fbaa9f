import { type AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SecureWsModule, type SecureWsOptions } from '@secure-ws/nestjs';
import { SecureWsTestingModule, type SecureWsTestingOptions } from '@secure-ws/nestjs/testing';
import { onTestFinished } from 'vitest';
import { TEST_JWT } from '../support/test-token.js';

/** Where the global setup has written them. */
export const examplesFolder = fileURLToPath(new URL('../../.cache/doc-examples', import.meta.url));

/**
 * Loads an example: `authentication/sessions.ts` is the block of that name in docs/guide/authentication.md. Files that an example reads lie in the folder
 * that it runs in.
 *
 * @returns the named exports, which the compiler has checked with their page: here they fit wherever they are used.
 * @throws Error where one is missing.
 */
export async function example<Name extends string>(path: string, ...names: Name[]): Promise<Record<Name, never>> {
  process.chdir(examplesFolder);
  const exports = (await import(join(examplesFolder, path))) as Record<Name, never>;
  for (const name of names) if (!(name in exports)) throw new Error(`${path} exports no ${name}.`);
  return exports;
}

/** Boots an example with what the test module allows. */
export async function boot(
  root: Type | DynamicModule,
  options?: SecureWsTestingOptions,
  configure: (app: INestApplication) => void = () => undefined,
): Promise<INestApplication> {
  const testing = await Test.createTestingModule({ imports: [root, SecureWsTestingModule.forRoot(options)] }).compile();
  const app = testing.createNestApplication({ logger: false, forceCloseConnections: true });
  onTestFinished(() => app.close());
  configure(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** An application around the classes and options of an example that is not one by itself. */
export function around(
  providers: readonly Provider[],
  options: Partial<SecureWsOptions> = {},
  controllers: readonly Type[] = [],
): DynamicModule {
  @Module({})
  class AppModule {}
  return {
    module: AppModule,
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'], trustedProxies: 'none' },
        authentication: { jwt: TEST_JWT },
        ...options,
      }),
    ],
    providers: [...providers],
    controllers: [...controllers],
  };
}

/** Runs a `main.ts`, whose port any free port stands for, and gives its server. */
export async function runMain(
  bootstrap: () => Promise<void>,
): Promise<{ readonly server: Server; readonly port: number }> {
  const listen = Reflect.get(Server.prototype, 'listen') as (this: Server, ...args: unknown[]) => Server;
  const servers: Server[] = [];
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    servers.push(this);
    return listen.apply(this, [0, ...args.slice(1)]);
  };
  try {
    await bootstrap();
  } finally {
    Server.prototype.listen = listen;
  }
  const [server] = servers;
  if (server === undefined) throw new Error('The example listens on nothing.');
  onTestFinished(() => {
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}
