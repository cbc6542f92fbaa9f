import type { INestApplication } from '@nestjs/common';

/** What is known of the HTTP side of an application: of the server that sockets begin on. */
export interface HttpPlatform {
  /** `express`, `fastify`, or what the adapter calls itself. */
  readonly name: string;
  /** Express's `trust proxy`, or Fastify's `trustProxy`; `undefined` where nobody set it. */
  readonly trustProxy: unknown;
  /** `forceCloseConnections` of `NestFactory.create()`. */
  readonly forceCloseConnections: boolean;
  /** `cors` of `NestFactory.create()`, which Nest applies when the application is initialised. */
  readonly cors: unknown;
}

/** Reads it of an application that need not be initialised. Nothing is changed. */
export function httpPlatformOf(app: INestApplication): HttpPlatform {
  const adapter = app.getHttpAdapter();
  const instance = adapter.getInstance() as object;
  // Protected; the same on Nest 11 and 12.
  const options = (Reflect.get(app, 'appOptions') ?? {}) as Readonly<Record<string, unknown>>;
  return {
    name: adapter.getType(),
    trustProxy: adapter.getType() === 'fastify' ? fastifyTrust(instance) : expressTrust(instance),
    forceCloseConnections: options['forceCloseConnections'] === true,
    cors: options['cors'] === false ? undefined : options['cors'],
  };
}

function expressTrust(instance: object): unknown {
  const get: unknown = Reflect.get(instance, 'get');
  if (typeof get !== 'function') return undefined;
  const value: unknown = Reflect.apply(get, instance, ['trust proxy']);
  return value === false ? undefined : value;
}

/** Fastify keeps its options behind a symbol, and lists others only. */
function fastifyTrust(instance: object): unknown {
  const key = Object.getOwnPropertySymbols(instance).find(({ description }) => description === 'fastify.options');
  const options: unknown = key === undefined ? undefined : Reflect.get(instance, key);
  const value: unknown =
    typeof options === 'object' && options !== null ? Reflect.get(options, 'trustProxy') : undefined;
  return value === false ? undefined : value;
}
