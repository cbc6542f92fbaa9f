import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { PolicyProvider } from '../authorization/authorization-plan.js';
import type { WsPolicy, WsPolicyType } from '../authorization/ws-policy.js';
import type { NestModule, NestProvider } from './gateway-inventory.js';

/**
 * Finds the instances of policies: a provider of the gateway's own module first, then one that an imported module exports,
 * else an instance made for the gateway with the dependencies of its module.
 */
export class PolicyProviders {
  readonly #created = new Map<NestModule, Map<WsPolicyType, Promise<WsPolicy>>>();
  readonly #instances = new Map<Promise<WsPolicy>, WsPolicy>();

  /** The provider of a policy for the handlers of one module. */
  providerOf(policy: WsPolicyType, module: NestModule): PolicyProvider {
    const found = findProvider(policy, module);
    if (found === undefined) return this.#createdProvider(policy, module);
    if (found.provider.isDependencyTreeStatic()) {
      const instance = found.provider.instance as WsPolicy;
      return () => instance;
    }
    const { owner } = found;
    return (context) => {
      // Never without a context id: ModuleRef.resolve would share one instance among all messages.
      const contextId = ContextIdFactory.create();
      const reference = moduleRefOf(owner);
      reference.registerRequestByContextId(context, contextId);
      return reference.resolve<WsPolicy>(policy, contextId, { strict: true });
    };
  }

  /** Makes the policies that no module provides. Call it before the first message. */
  async prepare(): Promise<void> {
    for (const policies of this.#created.values()) {
      for (const creating of policies.values()) this.#instances.set(creating, await creating);
    }
  }

  #createdProvider(policy: WsPolicyType, module: NestModule): PolicyProvider {
    let policies = this.#created.get(module);
    if (policies === undefined) this.#created.set(module, (policies = new Map<WsPolicyType, Promise<WsPolicy>>()));
    let creating = policies.get(policy);
    if (creating === undefined) {
      creating = moduleRefOf(module).create<WsPolicy>(policy as never, ContextIdFactory.create());
      // prepare() awaits it and fails the boot; until then a rejection must not count as unhandled.
      creating.catch(() => undefined);
      policies.set(policy, creating);
    }
    const created = creating;
    return () => this.#instances.get(created) ?? created;
  }
}

function findProvider(
  policy: WsPolicyType,
  module: NestModule,
): { provider: NestProvider; owner: NestModule } | undefined {
  const own = module.providers.get(policy);
  if (own !== undefined) return { provider: own, owner: module };
  for (const imported of module.imports) {
    const provider = imported.exports.has(policy) ? imported.providers.get(policy) : undefined;
    if (provider !== undefined) return { provider, owner: imported };
  }
  return undefined;
}

function moduleRefOf(module: NestModule): ModuleRef {
  return module.providers.get(ModuleRef)?.instance as ModuleRef;
}
