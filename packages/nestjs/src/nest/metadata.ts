import { PARAM_ARGS_METADATA } from '@nestjs/websockets/constants.js';

/** Every metadata key of Nest's that the module reads or writes. A contract test holds that they are what Nest uses. */
export {
  EXCEPTION_FILTERS_METADATA,
  FILTER_CATCH_EXCEPTIONS,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PARAMTYPES_METADATA,
  PIPES_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from '@nestjs/common/constants.js';
export {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  MESSAGE_METADATA,
  PARAM_ARGS_METADATA,
  PORT_METADATA,
} from '@nestjs/websockets/constants.js';

/**
 * `WsParamtype.SOCKET`, `PAYLOAD` and `ACK`: what the keys of `@ConnectedSocket()`, `@MessageBody()` and `@Ack()` begin
 * with. Not exported.
 */
export const CLIENT_PARAMETER = 0;
export const PAYLOAD_PARAMETER = 3;
export const ACK_PARAMETER = 13;

/** What Nest throws, in a `WsException`, where a guard answered `false`. */
export { FORBIDDEN_MESSAGE } from '@nestjs/core/guards/constants.js';

/** The metadata that Nest keeps of a decorated parameter. */
export interface ParameterMetadata {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly factory?: unknown;
  readonly schema?: unknown;
}

/** The property of the payload that `@MessageBody('name')` takes; `undefined` for all of it, also where the name is empty. */
export function payloadPropertyOf({ data }: Pick<ParameterMetadata, 'data'>): string | undefined {
  return typeof data === 'string' && data !== '' ? data : undefined;
}

/** The decorated parameters of a method; `undefined` where there is none. */
export function parametersOf(type: object, method: string): Readonly<Record<string, ParameterMetadata>> | undefined {
  return Reflect.getMetadata(PARAM_ARGS_METADATA, type, method) as Record<string, ParameterMetadata> | undefined;
}

/** What `@UseGuards` and its like name on a class or a method: classes and instances. */
export function listOf(key: string, owner: object): readonly unknown[] {
  return (Reflect.getMetadata(key, owner) ?? []) as readonly unknown[];
}

/** The keys of `@nestjs/throttler`, each followed by the name of a throttler. Not exported from its index. */
export const THROTTLER = Object.freeze({
  LIMIT: 'THROTTLER:LIMIT',
  TTL: 'THROTTLER:TTL',
  BLOCK_DURATION: 'THROTTLER:BLOCK_DURATION',
  SKIP: 'THROTTLER:SKIP',
  TRACKER: 'THROTTLER:TRACKER',
  KEY_GENERATOR: 'THROTTLER:KEY_GENERATOR',
});

/**
 * The factory that `createParamDecorator` keeps in the metadata of a parameter: that is how our decorators are told from
 * the application's.
 */
export function factoryOf(decorator: (...args: never[]) => ParameterDecorator): unknown {
  class Probe {
    method(): void {}
  }
  decorator()(Probe.prototype, 'method', 0);
  return Object.values(parametersOf(Probe, 'method') ?? {})[0]?.factory;
}
