import { type ApplicationConfig } from '@nestjs/core';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/constants.js';
import type { GatewayRecord, HandlerRecord, NestModule, ParameterMetadata } from './gateway-inventory.js';

/** The metadata keys of Nest's `@UsePipes`, `@UseInterceptors` and `@UseFilters`. */
const KEYS = { pipes: '__pipes__', interceptors: '__interceptors__', filters: '__exceptionFilters__' } as const;

/** The instances of one kind of enhancer that apply to a gateway, from its class, its methods and their parameters. */
export function enhancersOf(gateway: GatewayRecord, kind: keyof typeof KEYS): object[] {
  const owners = [gateway.type, ...gateway.handlers.map((handler) => handler.callback)];
  const references = owners.flatMap((owner) => (Reflect.getMetadata(KEYS[kind], owner) ?? []) as unknown[]);
  if (kind === 'pipes') references.push(...gateway.handlers.flatMap(parameterPipes));
  return references.map((reference) => instanceOf(reference, gateway.module)).filter((found) => found !== undefined);
}

/** The application's global pipes; Nest 12 runs them on gateways. */
export function globalPipes(config: ApplicationConfig): object[] {
  return [...config.getGlobalPipes(), ...config.getGlobalRequestPipes().map(({ instance }) => instance)].filter(
    (pipe) => typeof pipe === 'object',
  );
}

/** Whether an interceptor may apply to a handler. */
export function hasInterceptors(handler: HandlerRecord, config: ApplicationConfig): boolean {
  return (
    config.getGlobalInterceptors().length > 0 ||
    config.getGlobalRequestInterceptors().length > 0 ||
    [handler.callback, handler.gateway.type].some(
      (owner) => ((Reflect.getMetadata(KEYS.interceptors, owner) ?? []) as unknown[]).length > 0,
    )
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
