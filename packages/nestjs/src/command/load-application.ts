import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { BootInspection } from '../boot/boot-inspection.js';
import type { Awaitable } from '../core/awaitable.js';
import { SecureWsBootError } from '../core/boot-problems.js';
import { SecureWsInstaller } from '../secure-ws.installer.js';
import { SecureWsRuntime } from '../secure-ws.runtime.js';
import { readApplicationReference } from './application-reference.js';

/** An application that was put together and checked, and not started. */
export interface LoadedApplication {
  /** Its handlers are compiled; it has no authenticator yet, and admits nobody. */
  readonly runtime: SecureWsRuntime;
  /** What the boot found of gateways, handlers and options. */
  readonly inspection: BootInspection;
}

type RootModule = Parameters<typeof NestFactory.create>[0];
type HttpAdapter = Exclude<NonNullable<Parameters<typeof NestFactory.create>[1]>, { readonly snapshot?: boolean }>;

/** The HTTP platforms of Nest, and the class that each exports. */
const PLATFORMS = [
  ['@nestjs/platform-express', 'ExpressAdapter'],
  ['@nestjs/platform-fastify', 'FastifyAdapter'],
] as const;

/**
 * Puts an application together as Nest does, checks it as the boot does, and hands it to a command. Nothing listens and no
 * lifecycle hook of the application runs; its constructors and the factories of its providers do, once.
 *
 * @param module as `--module` names it; `undefined` for what the package.json of the folder says.
 * @param use gets the application; it is put away when that is done.
 * @param folder what `module` is relative to.
 * @throws {SecureWsBootError} as the boot would.
 * @throws TypeError for a module that is named in a way that cannot be.
 * @throws Error for an application that cannot be loaded or put together.
 */
export async function withApplication<T>(
  module: string | undefined,
  use: (application: LoadedApplication) => Awaitable<T>,
  folder = process.cwd(),
): Promise<T> {
  const { file, exportName } = await readApplicationReference(module, folder);
  const root = await importModule(file, exportName);
  const app = await create(root, file);
  try {
    return await use({ inspection: installerOf(app).inspect(), runtime: app.get(SecureWsRuntime, { strict: false }) });
  } finally {
    // Hooks that count on an application that has started may throw. What the command found stays what it is.
    await app.close().catch(() => undefined);
  }
}

async function importModule(file: string, name: string): Promise<RootModule> {
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    throw failure(`${file} cannot be loaded`, cause);
  }
  // Names of a CommonJS file that Node cannot find by reading it are on its default export alone.
  for (const names of [exported, exported['default']]) {
    const isNamed = typeof names === 'object' && names !== null && Object.hasOwn(names, name);
    const found: unknown = isNamed ? await Reflect.get(names, name) : undefined;
    if (typeof found === 'function' || (typeof found === 'object' && found !== null)) return found as RootModule;
  }
  throw new Error(`${file} exports no module ${name}. Name the one that it has: ${file}#TheModule.`);
}

async function create(root: RootModule, file: string): ReturnType<typeof NestFactory.create> {
  const adapter = httpAdapterOf(file);
  try {
    // Its log lines would stand among the result of the command.
    return await NestFactory.create(root, adapter, { abortOnError: false, logger: false });
  } catch (cause) {
    throw cause instanceof SecureWsBootError ? cause : failure('The application cannot be put together', cause);
  }
}

/** A platform that the application has: its own `main.ts` does not run, and Nest would end the process without one. */
function httpAdapterOf(file: string): HttpAdapter {
  const requireThere = createRequire(file);
  for (const [name, className] of PLATFORMS) {
    let platform: Record<string, new () => HttpAdapter>;
    try {
      platform = requireThere(name) as typeof platform;
    } catch {
      continue;
    }
    const Adapter = platform[className];
    if (Adapter !== undefined) return new Adapter();
  }
  throw new Error('The application has neither @nestjs/platform-express nor @nestjs/platform-fastify. Install one.');
}

function installerOf(app: Awaited<ReturnType<typeof NestFactory.create>>): SecureWsInstaller {
  try {
    return app.get(SecureWsInstaller, { strict: false });
  } catch (cause) {
    const problem = 'imports no SecureWsModule.forRoot() of the package that this command is from';
    throw new Error(`The application ${problem}. Import it, and run the command that is installed beside it.`, {
      cause,
    });
  }
}

function failure(what: string, cause: unknown): Error {
  return new Error(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
