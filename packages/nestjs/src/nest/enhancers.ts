import { type ApplicationConfig } from '@nestjs/core';
import { SocketModule } from '@nestjs/websockets/socket-module.js';
import type { GatewayRecord, HandlerRecord, NestModule, ParameterMetadata } from './gateway-inventory.js';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PARAM_ARGS_METADATA,
  PIPES_METADATA,
} from './metadata.js';
import { ModuleRequired } from './module-required.guard.js';

const KEYS = {
  pipes: PIPES_METADATA,
  interceptors: INTERCEPTORS_METADATA,
  filters: EXCEPTION_FILTERS_METADATA,
  guards: GUARDS_METADATA,
} as const;

/** What `@UseGuards` and its like name: classes and instances. The guard of our own decorators is none of them. */
function referencesOn(owner: object, kind: keyof typeof KEYS): readonly unknown[] {
  const references = (Reflect.getMetadata(KEYS[kind], owner) ?? []) as unknown[];
  return references.filter((reference) => reference !== ModuleRequired);
}

/** The instances of one kind of enhancer that apply to a gateway, from its class, its methods and their parameters. */
export function enhancersOf(gateway: GatewayRecord, kind: keyof typeof KEYS): object[] {
  const references = [...enhancersAt(gateway, kind)];
  if (kind === 'pipes') references.push(...gateway.handlers.flatMap(parameterPipes));
  return references.map((reference) => instanceOf(reference, gateway.module)).filter((found) => found !== undefined);
}

/** The classes and instances that stand on a gateway and its handlers. */
export function enhancersAt(gateway: GatewayRecord, kind: keyof typeof KEYS): readonly unknown[] {
  const owners = [gateway.type, ...gateway.handlers.map((handler) => handler.callback)];
  return owners.flatMap((owner) => [...referencesOn(owner, kind)]);
}

/** The guards that run before a handler: classes and instances. */
export function guardsOf(handler: HandlerRecord, config: ApplicationConfig): readonly unknown[] {
  const own = [handler.callback, handler.gateway.type].flatMap((owner) => [...referencesOn(owner, 'guards')]);
  if (!runsGlobalEnhancers(config)) return own;
  const perRequest = config.getGlobalRequestGuards().map(({ metatype }) => metatype);
  return [...own, ...config.getGlobalGuards(), ...perRequest];
}

/** Whether a guard is of a class: given as that class, as one derived from it, or as an instance. */
export function isOfClass(reference: unknown, type: abstract new (...args: never[]) => object): boolean {
  if (reference instanceof type || reference === type) return true;
  return typeof reference === 'function' && reference.prototype instanceof type;
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

/** Whether an interceptor may apply to a handler. */
export function hasInterceptors(handler: HandlerRecord, config: ApplicationConfig): boolean {
  return (
    config.getGlobalInterceptors().length > 0 ||
    config.getGlobalRequestInterceptors().length > 0 ||
    [handler.callback, handler.gateway.type].some((owner) => referencesOn(owner, 'interceptors').length > 0)
  );
}

/** Whether anything of the application runs between the checks and the handler, and could wait. */
export function mayWait(handler: HandlerRecord, config: ApplicationConfig): boolean {
  const owners = [handler.callback, handler.gateway.type];
  return (
    hasInterceptors(handler, config) ||
    guardsOf(handler, config).length > 0 ||
    config.getGlobalPipes().length > 0 ||
    parameterPipes(handler).length > 0 ||
    owners.some((owner) => referencesOn(owner, 'pipes').length > 0)
  );
}

function parameterPipes(handler: HandlerRecord): readonly unknown[] {
  const metadata = Reflect.getMetadata(PARAM_ARGS_METADATA, handler.gateway.type, handler.methodName) as
    Record<string, ParameterMetadata> | undefined;
  return Object.values(metadata ?? {}).flatMap(({ pipes = [] }) => pipes);
}

/** Nest registers the classes that `@UsePipes(Class)` and its like name as injectables of the gateway's module. */
function instanceOf(reference: unknown, module: NestModule): object | undefined {
  if (typeof reference === 'object' && reference !== null) return reference;
  if (typeof reference !== 'function') return undefined;
  const instance: unknown = module.injectables.get(reference)?.instance;
  return typeof instance === 'object' && instance !== null ? instance : undefined;
}
