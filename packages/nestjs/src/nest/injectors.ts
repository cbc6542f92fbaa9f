import type { ModulesContainer } from '@nestjs/core';

/** What Nest keeps of the parameters that `@Inject()` names, and of injected properties. Not exported from its index. */
import { PARAMTYPES_METADATA, PROPERTY_DEPS_METADATA, SELF_DECLARED_DEPS_METADATA } from '@nestjs/common/constants.js';

/** The names of the application's classes and factories that inject a class of ours. */
export function injectorsOf(type: unknown, modules: ModulesContainer): readonly string[] {
  const names = new Set<string>();
  for (const { providers, controllers, injectables } of modules.values()) {
    for (const wrapper of [...providers.values(), ...controllers.values(), ...injectables.values()]) {
      const { metatype, inject } = wrapper;
      if (typeof metatype !== 'function') continue;
      const injected: unknown = inject ?? injectedBy(metatype);
      if (Array.isArray(injected) && injected.includes(type)) names.add(String(wrapper.name));
    }
  }
  return [...names];
}

function injectedBy(metatype: object): readonly unknown[] {
  const list = (key: string): readonly unknown[] => {
    const found: unknown = Reflect.getMetadata(key, metatype);
    return Array.isArray(found) ? found : [];
  };
  const named = list(SELF_DECLARED_DEPS_METADATA) as readonly { readonly param?: unknown }[];
  const properties = list(PROPERTY_DEPS_METADATA) as readonly { readonly type?: unknown }[];
  return [...list(PARAMTYPES_METADATA), ...named.map(({ param }) => param), ...properties.map((each) => each.type)];
}
