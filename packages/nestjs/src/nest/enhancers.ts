import { Scope, type Type } from '@nestjs/common';
import { type ApplicationConfig } from '@nestjs/core';
import { SocketModule } from '@nestjs/websockets/socket-module.js';
import { type GatewayRecord, type HandlerRecord, type NestModule, ownersOf } from './gateway-inventory.js';
import {
  EXCEPTION_FILTERS_METADATA,
  FILTER_CATCH_EXCEPTIONS,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  listOf,
  PIPES_METADATA,
} from './metadata.js';
import { ModuleRequired } from './module-required.guard.js';

const KEYS = {
  pipes: PIPES_METADATA,
  interceptors: INTERCEPTORS_METADATA,
  filters: EXCEPTION_FILTERS_METADATA,
  guards: GUARDS_METADATA,
} as const;

type EnhancerKind = keyof typeof KEYS;

/** What stands on classes and methods. The guard of our own decorators is no enhancer of the application. */
function enhancersOn(owners: readonly object[], kind: EnhancerKind): readonly unknown[] {
  return owners.flatMap((owner) => listOf(KEYS[kind], owner)).filter((reference) => reference !== ModuleRequired);
}

export function enhancersAt(gateway: GatewayRecord, kind: EnhancerKind): readonly unknown[] {
  return enhancersOn(ownersOf(gateway), kind);
}

function enhancersOf({ callback, gateway }: HandlerRecord, kind: EnhancerKind): readonly unknown[] {
  return enhancersOn([callback, gateway.type], kind);
}

/** Nest registers the classes that `@UsePipes(Class)` and its like name as injectables of the gateway's module. */
export function instanceOf(reference: unknown, module: NestModule | undefined): unknown {
  return typeof reference === 'function' ? module?.injectables.get(reference)?.instance : reference;
}

/**
 * The classes among the enhancers of a gateway and its handlers that are transient. Nest makes an instance for whoever injects
 * such a class, and runs on gateways the placeholder that it keeps beside those: no constructor has run on it.
 */
export function transientEnhancersOf(gateway: GatewayRecord): readonly { readonly name: string }[] {
  const kinds = Object.keys(KEYS) as EnhancerKind[];
  const parameterPipes = gateway.handlers.flatMap(({ parameters = [] }) =>
    parameters.flatMap(({ pipes = [] }) => pipes),
  );
  const references = [...kinds.flatMap((kind) => enhancersAt(gateway, kind)), ...parameterPipes];
  return [...new Set(references)].filter(
    (reference): reference is Type =>
      typeof reference === 'function' && gateway.module?.injectables.get(reference)?.scope === Scope.TRANSIENT,
  );
}

/** The guards that run before a handler: classes and instances. Global ones that live for a request run on no gateway. */
export function guardsOf(handler: HandlerRecord, config: ApplicationConfig): readonly unknown[] {
  const own = enhancersOf(handler, 'guards');
  return runsGlobalEnhancers(config) ? [...own, ...config.getGlobalGuards()] : own;
}

/** Whether a guard is of a class: given as that class, as one derived from it, or as an instance. */
export function isOfClass(reference: unknown, type: abstract new (...args: never[]) => object): boolean {
  if (reference instanceof type || reference === type) return true;
  return typeof reference === 'function' && reference.prototype instanceof type;
}

/** The class of a reference: a class itself, or that of an instance. */
export function classOf(reference: unknown): { readonly name: string } {
  return typeof reference === 'function' ? reference : (reference as object).constructor;
}

/** Whether a reference of a class ({@link isOfClass}) has a method of its own in place of the one of that class. */
export function overrides<T extends object>(
  reference: unknown,
  type: abstract new (...args: never[]) => T,
  method: keyof T,
): boolean {
  const holder = typeof reference === 'function' ? (reference.prototype as T) : (reference as T);
  return holder[method] !== (type.prototype as T)[method];
}

/** The filters that a handler's exceptions go through. Nest asks no global one on gateways. */
export function filtersOf(handler: HandlerRecord): readonly unknown[] {
  return enhancersOf(handler, 'filters');
}

/** Whether a filter is for everything that is thrown: `@Catch()`. */
export function catchesAll(filter: unknown): boolean {
  const caught = Reflect.getMetadata(FILTER_CATCH_EXCEPTIONS, classOf(filter)) as readonly unknown[] | undefined;
  return caught?.length === 0;
}

/**
 * Whether global guards, interceptors and pipes run on gateways: since Nest 12, where the creator of handlers is given the
 * application's configuration. Asked of Nest itself, as no `package.json` says which copy was loaded.
 */
export function runsGlobalEnhancers(config: ApplicationConfig): boolean {
  try {
    const { getContextCreator } = SocketModule.prototype as unknown as {
      getContextCreator: (...args: unknown[]) => object;
    };
    const creator = Reflect.apply(getContextCreator, new SocketModule(), [{}, config, {}]) as Record<string, unknown>;
    return (creator['guardsContextCreator'] as Record<string, unknown>)['config'] === config;
  } catch {
    return false;
  }
}

/** The interceptors of a handler in their order: the first one sees a call first, and its outcome last. */
export function interceptorsOf({ callback, gateway }: HandlerRecord, config: ApplicationConfig): readonly unknown[] {
  const own = enhancersOn([gateway.type, callback], 'interceptors');
  return runsGlobalEnhancers(config) ? [...config.getGlobalInterceptors(), ...own] : own;
}

/** The pipes that the values of a handler's parameters go through: classes and instances. */
export function pipesOf(handler: HandlerRecord, config: ApplicationConfig): readonly unknown[] {
  const own = [...enhancersOf(handler, 'pipes'), ...(handler.parameters ?? []).flatMap(({ pipes = [] }) => pipes)];
  return runsGlobalEnhancers(config) ? [...config.getGlobalPipes(), ...own] : own;
}

export function hasInterceptors(handler: HandlerRecord, config: ApplicationConfig): boolean {
  const globals = [...config.getGlobalInterceptors(), ...config.getGlobalRequestInterceptors()];
  return globals.length > 0 || enhancersOf(handler, 'interceptors').length > 0;
}

/** Whether anything of the application runs between the checks and the handler, and could wait. */
export function mayWait(handler: HandlerRecord, config: ApplicationConfig): boolean {
  return (
    hasInterceptors(handler, config) ||
    guardsOf(handler, config).length > 0 ||
    config.getGlobalPipes().length > 0 ||
    enhancersOf(handler, 'pipes').length > 0 ||
    // Nest waits for what a parameter decorator answers.
    (handler.parameters ?? []).some(({ pipes = [], factory }) => pipes.length > 0 || factory !== undefined)
  );
}
