import * as common from '@nestjs/common';
import { type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { WsMessageContext } from '../core/message-context.js';
import { instanceOf, isOfClass, overrides } from './enhancers.js';
import { type GatewayRecord, type HandlerRecord, type NestModule, ownersOf } from './gateway-inventory.js';
import { PARAM_ARGS_METADATA, parametersOf, PIPES_METADATA } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn } from './shared-patch.js';
import { asValidated } from './validated-argument.js';

/** Takes the place of a pipe that would validate once more. */
const PASS: PipeTransform = Object.freeze({ transform: (value: unknown): unknown => value });

type PipeType = abstract new (...args: never[]) => PipeTransform;

/** The pipe for schemas of Nest 12; Nest 11 has none. */
const { StandardSchemaValidationPipe } = common as { readonly StandardSchemaValidationPipe?: PipeType };

/** The validation pipes of Nest, each with what a class derived from it becomes. */
const OF_NEST: readonly (readonly [type: PipeType, derived: (pipe: PipeTransform) => PipeTransform])[] = [
  [ValidationPipe, withoutType],
  ...(StandardSchemaValidationPipe === undefined ? [] : [[StandardSchemaValidationPipe, withoutSchema] as const]),
];

/**
 * The class of Nest's validation pipes that a pipe is of, given as a class or as an instance; `undefined` for another pipe.
 */
export function validationPipeOf(pipe: unknown): PipeType | undefined {
  return OF_NEST.map(([type]) => type).find((type) => isOfClass(pipe, type));
}

/**
 * Takes Nest's validation pipes, and that of this package, out of the calls of handlers whose messages the module
 * validates: on the gateway, its methods, their parameters, and among the global pipes (Nest 12 runs those on gateways).
 * Whether a call is validated is thus known of the call. A pipe that looked at the value could not know: what
 * `@MessageBody('money')` takes out of a validated payload is a number like any other, and `@Transform` would be applied
 * to it once more, after the policies have judged it (F11).
 *
 * Of a class derived from one of them that has a `transform` of its own, that runs: it may do more than to validate.
 *
 * Elsewhere, and for HTTP, the same pipes work as ever.
 *
 * @param ours the validation pipe of this package.
 */
export function passValidated(
  gateways: readonly GatewayRecord[],
  config: ApplicationConfig,
  metadata: RegistrationMetadata,
  ours: PipeType,
): void {
  const kinds = [[ours, asValidated] as const, ...OF_NEST];
  const pass = (reference: unknown, module?: NestModule): unknown => {
    const pipe = instanceOf(reference, module) ?? reference;
    const [type, derived] = kinds.find(([each]) => isOfClass(pipe, each)) ?? [];
    if (type !== undefined && !overrides(pipe, type, 'transform')) return PASS;
    // A class that nobody has made an instance of: Nest passes over it.
    if (typeof pipe === 'function') return pipe;
    return withoutGate(derived?.(pipe as PipeTransform) ?? (pipe as PipeTransform));
  };
  for (const gateway of gateways) {
    for (const owner of ownersOf(gateway)) replaceList(owner, gateway.module);
    for (const handler of gateway.handlers) replaceParameters(handler);
  }
  const getGlobalPipes = config.getGlobalPipes.bind(config);
  metadata.onRestore(
    setOwn(config, 'getGlobalPipes', () => getGlobalPipes().map((pipe) => pass(pipe) as PipeTransform)),
  );

  function replaceList(owner: object, module: NestModule): void {
    const pipes = Reflect.getOwnMetadata(PIPES_METADATA, owner) as readonly unknown[] | undefined;
    const replaced = pipes?.map((pipe) => pass(pipe, module));
    if (replaced !== undefined) metadata.set(PIPES_METADATA, replaced, owner);
  }

  function replaceParameters({ gateway, methodName }: HandlerRecord): void {
    const parameters = parametersOf(gateway.type, methodName);
    if (parameters === undefined) return;
    const replaced = Object.entries(parameters).map(([key, parameter]) => {
      const pipes = (parameter.pipes ?? []).map((pipe) => pass(pipe, gateway.module));
      return [key, { ...parameter, pipes }] as const;
    });
    metadata.set(PARAM_ARGS_METADATA, Object.fromEntries(replaced), gateway.type, methodName);
  }
}

/**
 * A class derived from `ValidationPipe` does more than to validate: its own `transform` runs, and Nest's part in it, which
 * has no type to go by, passes the value on (F12).
 */
function withoutType(pipe: PipeTransform): PipeTransform {
  const hasType = Reflect.get(pipe, 'expectedType') !== undefined;
  const untyped = hasType ? (Object.create(pipe, { expectedType: { value: undefined } }) as PipeTransform) : pipe;
  return {
    transform: (value: unknown, metadata): unknown => untyped.transform(value, { ...metadata, metatype: undefined }),
  };
}

/** As {@link withoutType}, of a class derived from `StandardSchemaValidationPipe`. */
function withoutSchema(pipe: PipeTransform): PipeTransform {
  return {
    transform: (value: unknown, metadata): unknown =>
      pipe.transform(value, Object.assign({}, metadata, { schema: undefined })),
  };
}

/** Keeps the parameter by which the message reaches the gate of its handler away from the application's pipes. */
function withoutGate(pipe: PipeTransform): PipeTransform {
  return {
    transform: (value: unknown, argument): unknown =>
      value instanceof WsMessageContext ? value : (pipe.transform(value, argument) as unknown),
  };
}
