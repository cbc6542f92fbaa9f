import * as common from '@nestjs/common';
import { type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { callParametersOf } from './call-parameters.js';
import { instanceOf, isOfClass, overrides, runsGlobalEnhancers } from './enhancers.js';
import { type GatewayRecord, type HandlerRecord, type NestModule, ownersOf } from './gateway-inventory.js';
import { listOf, PARAM_ARGS_METADATA, type ParameterMetadata, PIPES_METADATA } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn } from './shared-patch.js';
import { asValidated } from './validated-argument.js';

type PipeType = abstract new (...args: never[]) => PipeTransform;

/** Pipes that validate, and what a class derived from theirs becomes that does more. */
type PipeKind = readonly [type: PipeType, derived: (pipe: PipeTransform) => PipeTransform];

/** The pipe for schemas of Nest 12; Nest 11 has none. */
const { StandardSchemaValidationPipe } = common as { readonly StandardSchemaValidationPipe?: PipeType };

/** The validation pipes of Nest, each with what a class derived from it becomes. */
const OF_NEST: readonly PipeKind[] = [
  [ValidationPipe, withoutType],
  ...(StandardSchemaValidationPipe === undefined ? [] : [[StandardSchemaValidationPipe, withoutSchema] as const]),
];

/**
 * The class of Nest's validation pipes that a pipe is of, given as a class or as an instance; `undefined` for another pipe.
 */
export function validationPipeOf(pipe: unknown): PipeType | undefined {
  return OF_NEST.map(([type]) => type).find((type) => isOfClass(pipe, type));
}

/** What the validation pipes of a call are to do. */
export interface PassedPipes {
  /** The validation pipe of this package. */
  readonly ours: PipeType;
  /** Whether validation only reports for a gateway: its handlers get what was sent, through the application's own pipes. */
  readonly isReported: (gateway: GatewayRecord) => boolean;
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
 * Under migration Nest's pipes judge as they did before: what they refused is refused, and they transform what was sent.
 *
 * All pipes of a handler end up at its parameters, in the order in which Nest runs them. Only those belong to one gateway:
 * Nest asks for the global ones without saying for whom, and a class or a handler may be what several gateways inherit.
 *
 * Elsewhere, and for HTTP, the same pipes work as ever.
 */
export function passValidated(
  gateways: readonly GatewayRecord[],
  config: ApplicationConfig,
  metadata: RegistrationMetadata,
  { ours, isReported }: PassedPipes,
): void {
  // Nobody would put anything back: that happens when the last gateway is registered.
  if (gateways.length === 0) return;
  const globals = runsGlobalEnhancers(config) ? config.getGlobalPipes() : [];
  // All is read before anything is changed, for those that inherit from each other.
  const placed = gateways.flatMap(({ handlers }) =>
    handlers.map((handler) => [handler, pipedParameters(handler)] as const),
  );
  for (const owner of gateways.flatMap(ownersOf)) {
    if (listOf(PIPES_METADATA, owner).length > 0) metadata.set(PIPES_METADATA, [], owner);
  }
  for (const [{ gateway, methodName }, parameters] of placed) {
    metadata.set(PARAM_ARGS_METADATA, parameters, gateway.type, methodName);
  }
  metadata.onRestore(setOwn(config, 'getGlobalPipes', () => []));

  function pipedParameters({ gateway, methodName, callback }: HandlerRecord): Record<string, ParameterMetadata> {
    const kinds = isReported(gateway) ? [[ours, asValidated] as const] : [[ours, asValidated] as const, ...OF_NEST];
    const common = [...globals, ...listOf(PIPES_METADATA, gateway.type), ...listOf(PIPES_METADATA, callback)];
    const parameters = Object.entries(callParametersOf(gateway.type, methodName)).map(([key, parameter]) => {
      const pipes = [...common, ...(parameter.pipes ?? [])].flatMap((pipe) => {
        const passed = pass(pipe, gateway.module, kinds);
        return passed === undefined ? [] : [passed];
      });
      return [key, { ...parameter, pipes }] as const;
    });
    return Object.fromEntries(parameters);
  }
}

/** What a pipe becomes; `undefined` for one that would only validate once more. */
function pass(reference: unknown, module: NestModule, kinds: readonly PipeKind[]): unknown {
  const pipe = instanceOf(reference, module) ?? reference;
  const [type, derived] = kinds.find(([each]) => isOfClass(pipe, each)) ?? [];
  if (type === undefined) return reference;
  if (!overrides(pipe, type, 'transform')) return undefined;
  // A class that nobody has made an instance of: Nest passes over it.
  return typeof pipe === 'function' ? pipe : derived?.(pipe as PipeTransform);
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
