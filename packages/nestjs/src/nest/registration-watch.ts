import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { SocketModule } from '@nestjs/websockets/socket-module.js';

/** One time that Nest registers all gateways of an application. */
export interface GatewayRegistration {
  /** What their adapter is taken from. */
  readonly config: ApplicationConfig;
  /** `undefined` where it is not the HTTP application that registers them. */
  readonly server: unknown;
}

/** May throw: nothing is registered then, and nothing listens. */
type OnRegistration = (registration: GatewayRegistration) => void;

type Register = (
  container: { getModules(): ModulesContainer },
  config: ApplicationConfig,
  graph: unknown,
  options: unknown,
  server?: unknown,
) => unknown;

/** Those who are told, by what Nest knows an application by. An application that was never closed is kept by nobody. */
const watching = new WeakMap<ModulesContainer, OnRegistration>();

let onUnwatched: ((modules: ModulesContainer) => void) | undefined;

let isPatched = false;

/**
 * Calls `run` right before Nest registers the gateways of an application. It may come to do so more than once: each
 * microservice with `deferInitialization` of a hybrid application registers all of them again.
 *
 * Nest has no place that is told of it, and asks an application's own objects for nothing that would tell one registration
 * from another. So the class is changed, once for the process.
 *
 * @returns ends it.
 */
export function onRegistration(modules: ModulesContainer, run: OnRegistration): () => void {
  patchOnce();
  watching.set(modules, run);
  return () => watching.delete(modules);
}

/**
 * Calls `run` right before Nest registers the gateways of an application that {@link onRegistration} was not called for. It may
 * throw. There is one such function for the process, and it is never taken away.
 */
export function onUnwatchedRegistration(run: (modules: ModulesContainer) => void): void {
  patchOnce();
  onUnwatched = run;
}

function patchOnce(): void {
  if (!isPatched) patch(SocketModule.prototype as unknown as { register: Register });
  isPatched = true;
}

function patch(prototype: { register: Register }): void {
  const { register } = prototype;
  prototype.register = function registerWatched(container, config, ...others) {
    const modules = container.getModules();
    const run = watching.get(modules);
    if (run === undefined) onUnwatched?.(modules);
    else run({ config, server: others[2] });
    return Reflect.apply(register, this, [container, config, ...others]);
  };
}
