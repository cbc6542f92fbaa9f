import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { BootInspection } from '../boot/boot-inspection.js';
import type { Awaitable } from '../core/awaitable.js';
import { SecureWsBootError } from '../core/boot-problems.js';
import { SecureWsInstaller } from '../secure-ws.installer.js';
import { SecureWsRuntime } from '../secure-ws.runtime.js';
import { readApplicationReference } from './application-reference.js';
import { runMain } from './run-main.js';

/** An application that was put together and checked, and not started. */
export interface LoadedApplication {
  /** Its handlers are compiled; it has no authenticator yet, and admits nobody. */
  readonly runtime: SecureWsRuntime;
  /** What the boot found of gateways, handlers and options. */
  readonly inspection: BootInspection;
}

/** An application that was put together, and perhaps would not boot. */
export interface AssembledApplication {
  readonly app: INestApplication;
  readonly installer: SecureWsInstaller;
  /** The file that it was loaded from, absolute. */
  readonly file: string;
}

/** Where an application is. */
export interface ApplicationPlace {
  /** As `--module` names it; `undefined` for what the package.json of the folder says. */
  readonly module?: string | undefined;
  /** As `--main` names it: the compiled `main.ts`, in place of a module. */
  readonly main?: string | undefined;
  /** What they are relative to. @default the working directory */
  readonly folder?: string;
}

/** How long an application may take to end, in milliseconds. The process ends anyhow. */
const CLOSE_MS = 5000;

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
  return withAssembled({ module, folder }, ({ app, installer }) =>
    use({ inspection: installer.inspect(), runtime: app.get(SecureWsRuntime, { strict: false }) }),
  );
}

/**
 * Puts an application together, by its module or as its `main.ts` does, and hands it to a command before anything is
 * checked. Nothing listens and no lifecycle hook of the application has run.
 *
 * @param use gets the application; it is put away when that is done.
 * @throws TypeError for a place that cannot be.
 * @throws Error for an application that cannot be loaded or put together.
 */
export async function withAssembled<T>(
  { module, main, folder = process.cwd() }: ApplicationPlace,
  use: (application: AssembledApplication) => Awaitable<T>,
): Promise<T> {
  if (module !== undefined && main !== undefined) throw new TypeError('Give --module or --main, not both.');
  const { app, file } = main === undefined ? await assemble(module, folder) : await started(resolve(folder, main));
  try {
    return await use({ app, file, installer: installerOf(app) });
  } finally {
    // Hooks that count on an application that has started may throw, or wait. What the command found stays what it is.
    await withTimeout(app.close(), CLOSE_MS);
  }
}

async function assemble(
  module: string | undefined,
  folder: string,
): Promise<Pick<AssembledApplication, 'app' | 'file'>> {
  const { file, exportName } = await readApplicationReference(module, folder);
  const root = await importModule(file, exportName);
  return { app: await create(root, file), file };
}

async function started(file: string): Promise<Pick<AssembledApplication, 'app' | 'file'>> {
  try {
    return { app: await runMain(file), file };
  } catch (cause) {
    throw failure(`${file} came to no app.listen()`, cause);
  }
}

async function withTimeout(work: Promise<unknown>, delayMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, delayMs);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}

async function importModule(file: string, name: string): Promise<RootModule> {
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    throw failure(`${file} cannot be loaded`, cause);
  }
  const others = new Set<string>();
  // Names of a CommonJS file that Node cannot find by reading it are on its default export alone.
  for (const names of [exported, exported['default']]) {
    const isNamed = typeof names === 'object' && names !== null && Object.hasOwn(names, name);
    const found: unknown = isNamed ? await Reflect.get(names, name) : undefined;
    if (typeof found === 'function' || (typeof found === 'object' && found !== null)) return found as RootModule;
    if (typeof names === 'object' && names !== null) for (const other of classesOf(names)) others.add(other);
  }
  const known = others.size === 0 ? `${file}#TheModule` : [...others].map((each) => `${file}#${each}`).join(', ');
  throw new Error(`${file} exports no module ${name}. Name the one that it has: ${known}.`);
}

/** What a file exports that could be a module. */
function classesOf(names: object): readonly string[] {
  return Object.entries(names).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
}

async function create(root: RootModule, file: string): Promise<INestApplication> {
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

function installerOf(app: INestApplication): SecureWsInstaller {
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
