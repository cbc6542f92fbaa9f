import type { HttpAdapterHost } from '@nestjs/core';
import { setOwn } from './shared-patch.js';

/** What an application was told about CORS. */
export interface CorsWatch {
  /** What each `enableCors()` was given, `cors` of `NestFactory.create()` among them once the application is initialised. */
  readonly given: readonly unknown[];
  /** Puts back what was changed. */
  stop(): void;
}

/**
 * Remembers what `enableCors()` is given: Nest hands it to a middleware, and keeps nothing. In tests the HTTP adapter
 * comes after the modules, so that it is waited for.
 */
export function watchCors(host: HttpAdapterHost): CorsWatch {
  const given: unknown[] = [];
  const undo: (() => void)[] = [];
  // The type of the host says that there is one. In a test there is not yet, in a microservice never.
  const watch = (adapter: object | null | undefined): void => {
    if (adapter === null || adapter === undefined) return;
    const enableCors: unknown = Reflect.get(adapter, 'enableCors');
    if (typeof enableCors !== 'function') return;
    undo.push(
      setOwn(adapter, 'enableCors', (...args: unknown[]): unknown => {
        given.push(args[0]);
        return Reflect.apply(enableCors, adapter, args) as unknown;
      }),
    );
  };
  const adapter = host.httpAdapter as object | null | undefined;
  if (adapter === null || adapter === undefined) undo.push(onAdapterSet(host, watch));
  else watch(adapter);
  return {
    given,
    stop: () => {
      for (const step of undo.splice(0).reverse()) step();
    },
  };
}

/** Calls `run` with the adapter that the host is given. @returns ends that. */
function onAdapterSet(host: HttpAdapterHost, run: (adapter: object | null | undefined) => void): () => void {
  const accessor = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(host), 'httpAdapter');
  if (accessor?.set === undefined || accessor.get === undefined) return () => undefined;
  const read = accessor.get.bind(host) as () => unknown;
  const write = accessor.set.bind(host);
  Object.defineProperty(host, 'httpAdapter', {
    configurable: true,
    get: read,
    set: (adapter: object | null | undefined) => {
      Reflect.deleteProperty(host, 'httpAdapter');
      write(adapter);
      run(adapter);
    },
  });
  return () => Reflect.deleteProperty(host, 'httpAdapter');
}
