import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { NestModule, NestProvider } from './gateway-inventory.js';

/** A class with any dependencies. */
export type InjectableClass<T = unknown> = new (...args: never[]) => T;

/**
 * Finds an instance for one message or request; only a class with request-scoped dependencies makes a promise.
 *
 * @param request what `@Inject(REQUEST)` gives to those dependencies.
 */
export type InstanceProvider<T> = (request: object) => T | Promise<T>;

/**
 * Finds the instances of policies and handshake guards as Nest finds those of its guards: a provider of the gateway's own
 * module first, then one that an imported module exports, else an instance made with the dependencies of the module.
 */
export class ModuleResolution {
  readonly #created = new Map<NestModule, Map<InjectableClass, Promise<unknown>>>();
  readonly #instances = new Map<Promise<unknown>, unknown>();

  /** The provider of a class for the gateways of one module. */
  providerOf<T>(type: InjectableClass<T>, module: NestModule): InstanceProvider<T> {
    const found = findProvider(type, module);
    if (found === undefined) return this.#createdProvider(type, module);
    if (found.provider.isDependencyTreeStatic()) {
      const instance = found.provider.instance as T;
      return () => instance;
    }
    const { owner } = found;
    return (request) => {
      // Never without a context id: ModuleRef.resolve would share one instance among all messages.
      const contextId = ContextIdFactory.create();
      const reference = moduleRefOf(owner);
      reference.registerRequestByContextId(request, contextId);
      return reference.resolve<T>(type, contextId, { strict: true });
    };
  }

  /** Makes the instances that no module provides. Call it before the first handshake. */
  async prepare(): Promise<void> {
    for (const types of this.#created.values()) {
      for (const creating of types.values()) this.#instances.set(creating, await creating);
    }
  }

  #createdProvider<T>(type: InjectableClass<T>, module: NestModule): InstanceProvider<T> {
    let types = this.#created.get(module);
    if (types === undefined) this.#created.set(module, (types = new Map<InjectableClass, Promise<unknown>>()));
    let creating = types.get(type);
    if (creating === undefined) {
      creating = moduleRefOf(module).create<T>(type as never, ContextIdFactory.create());
      // prepare() awaits it and fails the boot; until then a rejection must not count as unhandled.
      creating.catch(() => undefined);
      types.set(type, creating);
    }
    const created = creating as Promise<T>;
    return () => (this.#instances.get(created) as T | undefined) ?? created;
  }
}

function findProvider(
  type: InjectableClass,
  module: NestModule,
): { provider: NestProvider; owner: NestModule } | undefined {
  const own = module.providers.get(type);
  if (own !== undefined) return { provider: own, owner: module };
  for (const imported of module.imports) {
    const provider = imported.exports.has(type) ? imported.providers.get(type) : undefined;
    if (provider !== undefined) return { provider, owner: imported };
  }
  return undefined;
}

function moduleRefOf(module: NestModule): ModuleRef {
  return module.providers.get(ModuleRef)?.instance as ModuleRef;
}
