import { Scope, type Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { Observable } from 'rxjs';
import {
  ACK_PARAMETER,
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  MESSAGE_METADATA,
  type ParameterMetadata,
  parametersOf,
  PARAMTYPES_METADATA,
  PAYLOAD_PARAMETER,
  PORT_METADATA,
} from './metadata.js';

export type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;
export type NestProvider = NonNullable<ReturnType<NestModule['providers']['get']>>;

export interface HandlerParameter extends ParameterMetadata {
  /** `true` for `@MessageBody()`. */
  readonly isPayload: boolean;
  /** `true` for `@Ack()`. */
  readonly isAck: boolean;
}

/** A method with `@SubscribeMessage`. */
export interface HandlerRecord {
  readonly gateway: GatewayRecord;
  readonly methodName: string;
  /** `Gateway.method`, for messages. */
  readonly label: string;
  readonly event: unknown;
  readonly callback: (...args: unknown[]) => unknown;
  /** `undefined` where no parameter has a decorator: Nest then passes `(client, data)`. */
  readonly parameters: readonly HandlerParameter[] | undefined;
  /** `undefined` where the transpiler emitted no types. */
  readonly types: readonly unknown[] | undefined;
  /** The methods of its name in the classes above, the nearest first: their decorators do not hold for it. */
  readonly overrides: readonly object[];
  /** Whether it is known to return a stream: an async generator, or a method declared to return an Observable. */
  readonly isStream: boolean;
}

/** A class with `@WebSocketGateway` among the providers of a module. */
export interface GatewayRecord {
  readonly module: NestModule;
  readonly instance: Record<string, unknown>;
  readonly type: Type;
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly handlers: readonly HandlerRecord[];
  /** Whether it, a dependency or an enhancer lives only for a request. */
  readonly isRequestScoped: boolean;
  /** Whether each consumer gets one of its own: Nest then binds a placeholder that was never constructed. */
  readonly isTransient: boolean;
}

/** What the decorators of a gateway stand on: its class and its handlers. */
export function ownersOf({ type, handlers }: GatewayRecord): readonly object[] {
  return [type, ...handlers.map(({ callback }) => callback)];
}

/** The class of `async *method() {}`, which has no name of its own. */
export const AsyncGeneratorFunction = async function* () {}.constructor as new () => unknown;

/** Brings the path of a gateway into the one form that is compared: `chat`, `/chat` and `/chat/` are `/chat`. */
export function normalizePath(path: unknown): string {
  if (typeof path !== 'string' || path === '') return '/';
  return `/${path}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
}

/** Finds every gateway and its handlers, reading the metadata as Nest does: inherited handlers and aliases among them. */
export function takeInventory(modules: ModulesContainer): GatewayRecord[] {
  const gateways: GatewayRecord[] = [];
  for (const module of modules.values()) {
    for (const provider of module.providers.values()) {
      const type = provider.metatype as Type | null;
      // Reflect throws on anything but an object, and value and factory providers have no class.
      if (provider.isNotMetatype || typeof type !== 'function') continue;
      if (!Reflect.getMetadataKeys(type).includes(GATEWAY_METADATA)) continue;
      gateways.push(readGateway(module, provider, type));
    }
  }
  return gateways;
}

function readGateway(module: NestModule, provider: NestProvider, type: Type): GatewayRecord {
  const options = (Reflect.getMetadata(GATEWAY_OPTIONS, type) ?? {}) as Record<string, unknown>;
  const handlers: HandlerRecord[] = [];
  const gateway: GatewayRecord = {
    module,
    type,
    name: type.name,
    instance: provider.instance as Record<string, unknown>,
    port: (Reflect.getMetadata(PORT_METADATA, type) as number | undefined) ?? 0,
    path: normalizePath(options['path']),
    options,
    handlers,
    isRequestScoped: !provider.isDependencyTreeStatic() || provider.scope === Scope.REQUEST,
    isTransient: provider.scope === Scope.TRANSIENT,
  };
  const prototype = Object.getPrototypeOf(provider.instance) as Record<string, unknown>;
  for (const methodName of new MetadataScanner().getAllMethodNames(prototype)) {
    const callback = prototype[methodName];
    if (typeof callback !== 'function' || Reflect.getMetadata(MESSAGE_MAPPING_METADATA, callback) === undefined)
      continue;
    handlers.push({
      gateway,
      methodName,
      label: `${type.name}.${methodName}`,
      event: Reflect.getMetadata(MESSAGE_METADATA, callback) as unknown,
      callback: callback as HandlerRecord['callback'],
      parameters: readParameters(prototype, methodName),
      types: Reflect.getMetadata(PARAMTYPES_METADATA, prototype, methodName) as unknown[] | undefined,
      overrides: overriddenBy(prototype, methodName),
      isStream:
        callback instanceof AsyncGeneratorFunction ||
        Reflect.getMetadata('design:returntype', prototype, methodName) === Observable,
    });
  }
  return gateway;
}

function overriddenBy(prototype: object, methodName: string): readonly object[] {
  const found: object[] = [];
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const method: unknown = Object.getOwnPropertyDescriptor(at, methodName)?.value;
    if (typeof method === 'function') found.push(method);
  }
  return found.slice(1);
}

function readParameters(prototype: object, methodName: string): readonly HandlerParameter[] | undefined {
  const metadata = parametersOf(prototype.constructor, methodName);
  if (metadata === undefined) return undefined;
  return Object.entries(metadata).map(([key, parameter]) => {
    const kind = parameter.factory === undefined ? Number(key.split(':')[0]) : undefined;
    return { ...parameter, isPayload: kind === PAYLOAD_PARAMETER, isAck: kind === ACK_PARAMETER };
  });
}
