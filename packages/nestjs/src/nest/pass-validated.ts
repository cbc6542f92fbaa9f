import * as common from '@nestjs/common';
import { ParseArrayPipe, type PipeTransform, type Type, ValidationPipe } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { callParametersOf } from './call-parameters.js';
import { instanceOf, isOfClass, overrides, runsGlobalEnhancers } from './enhancers.js';
import { type GatewayRecord, type HandlerRecord, ownersOf } from './gateway-inventory.js';
import {
  listOf,
  PARAM_ARGS_METADATA,
  type ParameterMetadata,
  PAYLOAD_PARAMETER,
  payloadPropertyOf,
  PIPES_METADATA,
} from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn } from './shared-patch.js';
import { asValidated } from './validated-argument.js';

type PipeType = abstract new (...args: never[]) => PipeTransform;

/** A parameter of a handler, as a pipe finds it. */
export interface FilledParameter extends ParameterMetadata {
  /** Whether it takes the payload: all of it, or one property. */
  readonly isPayload: boolean;
  /** The property of the payload that it takes; `undefined` for all of it. */
  readonly property: string | undefined;
  /** What TypeScript emitted for it. */
  readonly type: unknown;
}

/**
 * Whether the module has validated what a parameter is filled with, as a class; `'instances'`: those that are one already.
 * What it has not validated is for the pipes of the application, as ever.
 */
type IsValidated = (parameter: FilledParameter, type: unknown) => boolean | 'instances';

/** A kind of pipes that validate. */
interface PipeKind {
  readonly type: PipeType;
  /** Whether the module has validated what a pipe would validate at a parameter. */
  readonly isDone: (pipe: PipeTransform, parameter: FilledParameter, isValidated: IsValidated) => boolean | 'instances';
  /** The class that it makes instances of. */
  readonly typeOf: (pipe: PipeTransform, parameter: FilledParameter) => unknown;
  /** What a pipe becomes that has nothing left to validate; `undefined` for one that would do nothing more. */
  readonly passing: (pipe: PipeTransform) => PipeTransform | undefined;
}

/** The pipe for schemas of Nest 12; Nest 11 has none. */
const { StandardSchemaValidationPipe } = common as { readonly StandardSchemaValidationPipe?: PipeType };

const OF_CLASSES: PipeKind = {
  type: ValidationPipe,
  isDone: (pipe, parameter, isValidated) => isValidated(parameter, OF_CLASSES.typeOf(pipe, parameter)),
  typeOf: (pipe, { type }) => (Reflect.get(pipe, 'expectedType') as unknown) ?? type,
  passing: (pipe) => (overrides(pipe, ValidationPipe, 'transform') ? withoutType(pipe) : undefined),
};

const PRIMITIVES: ReadonlySet<unknown> = new Set([String, Number, Boolean]);

const OF_LISTS: PipeKind = {
  type: ParseArrayPipe,
  isDone: (pipe, parameter, isValidated) => {
    const { items } = optionsOf(pipe);
    return items !== undefined && !PRIMITIVES.has(items) && isValidated(parameter, items);
  },
  typeOf: (pipe) => optionsOf(pipe).items,
  // That it is a list, it says as before.
  passing: withoutItems,
};

/** The validation pipes of Nest. */
const OF_NEST: readonly PipeKind[] = [
  OF_CLASSES,
  OF_LISTS,
  ...(StandardSchemaValidationPipe === undefined ? [] : [ofSchemas(StandardSchemaValidationPipe)]),
];

/**
 * The class of Nest's validation pipes that a pipe is of, given as a class or as an instance; `undefined` for another pipe.
 */
export function validationPipeOf(pipe: unknown): PipeType | undefined {
  return OF_NEST.map(({ type }) => type).find((type) => isOfClass(pipe, type));
}

/**
 * Whether the module judges in the place of a validation pipe: payloads, or what a parameter decorator of the application
 * may take out of them.
 */
export function isReplaced(
  reference: unknown,
  handler: HandlerRecord,
  config: ApplicationConfig,
  isValidated: PassedPipes['isValidated'],
): boolean {
  const kind = OF_NEST.find(({ type }) => isOfClass(reference, type));
  const pipe = instanceOf(reference, handler.gateway.module);
  if (kind === undefined || typeof pipe !== 'object' || pipe === null) return kind !== undefined;
  const isCommon = commonPipesOf(handler, config).includes(reference);
  return Object.entries(callParametersOf(handler.gateway.type, handler.methodName)).some(([key, parameter]) => {
    if (!isCommon && parameter.pipes?.includes(reference) !== true) return false;
    const filled = filledParameter(key, parameter, handler);
    const isDone = kind.isDone(pipe as PipeTransform, filled, (...place) => isValidated(handler, ...place));
    return isDone === 'instances' || (isDone && filled.isPayload);
  });
}

/** Those that Nest asks about every parameter of a handler. */
function commonPipesOf({ gateway, callback }: HandlerRecord, config: ApplicationConfig): readonly unknown[] {
  const globals = runsGlobalEnhancers(config) ? config.getGlobalPipes() : [];
  return [...globals, ...listOf(PIPES_METADATA, gateway.type), ...listOf(PIPES_METADATA, callback)];
}

/** Whether a pipe for schemas of the application stands before a parameter, and Nest tells it the schema there. */
export function judgesSchema(
  handler: HandlerRecord,
  { pipes = [], schema }: ParameterMetadata,
  config: ApplicationConfig,
): boolean {
  const type = StandardSchemaValidationPipe;
  if (type === undefined || schema === undefined) return false;
  return [...commonPipesOf(handler, config), ...pipes].some((reference) => {
    const pipe = instanceOf(reference, handler.gateway.module);
    // Of a class that nobody has made an instance of, Nest passes over it.
    return typeof pipe === 'object' && pipe !== null && isOfClass(pipe, type);
  });
}

function filledParameter(key: string, parameter: ParameterMetadata, { types = [] }: HandlerRecord): FilledParameter {
  const isPayload = parameter.factory === undefined && Number(key.split(':')[0]) === PAYLOAD_PARAMETER;
  const property = isPayload ? payloadPropertyOf(parameter) : undefined;
  return { ...parameter, isPayload, property, type: types[parameter.index] };
}

/** What the validation pipes of a call are to do. */
export interface PassedPipes {
  /** The validation pipe of this package. */
  readonly ours: PipeType;
  /** Whether validation only reports for a gateway: its handlers get what was sent, through the application's own pipes. */
  readonly isReported: (gateway: GatewayRecord) => boolean;
  /** What the module has validated of what a handler is called with. */
  readonly isValidated: (handler: HandlerRecord, ...place: Parameters<IsValidated>) => ReturnType<IsValidated>;
}

/**
 * Takes Nest's validation pipes, and that of this package, out of the calls of handlers whose messages the module
 * validates: on the gateway, its methods, their parameters, and among the global pipes (Nest 12 runs those on gateways).
 * Whether a call is validated is thus known of the call. A pipe that looked at the value could not know: what
 * `@MessageBody('money')` takes out of a validated payload is a number like any other, and `@Transform` would be applied
 * to it once more, after the policies have judged it (F11).
 *
 * They stay where they validate what the module has not: what a parameter decorator of the application answers, what a pipe
 * has made of the payload, and a property of which its DTO does not say what is in it.
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
  { ours, isReported, isValidated }: PassedPipes,
): void {
  // Nobody would put anything back: that happens when the last gateway is registered.
  if (gateways.length === 0) return;
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

  function pipedParameters(handler: HandlerRecord): Record<string, ParameterMetadata> {
    const { gateway, methodName } = handler;
    const kinds = isReported(gateway) ? [ofOurs(ours)] : [ofOurs(ours), ...OF_NEST];
    const common = commonPipesOf(handler, config);
    const parameters = Object.entries(callParametersOf(gateway.type, methodName)).map(([key, parameter]) => {
      const filled = filledParameter(key, parameter, handler);
      const pipes = [...common, ...(parameter.pipes ?? [])].flatMap((reference): readonly unknown[] => {
        const pipe = instanceOf(reference, gateway.module) ?? reference;
        const kind = kinds.find(({ type }) => isOfClass(pipe, type));
        // Of a class that nobody has made an instance of, Nest passes over it.
        if (kind === undefined || typeof pipe === 'function') return kind === undefined ? [reference] : [];
        return pass(pipe as PipeTransform, kind, filled, (...place) => isValidated(handler, ...place));
      });
      return [key, { ...parameter, pipes }] as const;
    });
    return Object.fromEntries(parameters);
  }
}

/** What becomes of a validation pipe at a parameter: none for one that would only validate once more. */
function pass(
  pipe: PipeTransform,
  kind: PipeKind,
  parameter: FilledParameter,
  isValidated: IsValidated,
): readonly PipeTransform[] {
  const isDone = kind.isDone(pipe, parameter, isValidated);
  if (isDone === false) return [pipe];
  const passing = kind.passing(pipe);
  if (isDone === true) return passing === undefined ? [] : [passing];
  const type = kind.typeOf(pipe, parameter) as Type;
  const transform: PipeTransform['transform'] = (value: unknown, argument): unknown => {
    if (!holdsInstances(value, type)) return pipe.transform(value, argument) as unknown;
    return passing === undefined ? value : (passing.transform(value, argument) as unknown);
  };
  return [{ transform }];
}

function holdsInstances(value: unknown, type: Type): boolean {
  return Array.isArray(value) ? value.every((item) => item instanceof type) : value instanceof type;
}

/** The pipe of this package knows by itself what a parameter decorator answers: it looks at payloads only. */
function ofOurs(type: PipeType): PipeKind {
  return {
    type,
    isDone: () => true,
    typeOf: (_pipe, parameter) => parameter.type,
    passing: (pipe) => (overrides(pipe, type, 'transform') ? asValidated(pipe) : undefined),
  };
}

function ofSchemas(type: PipeType): PipeKind {
  return {
    type,
    // The schema of all of the payload is applied by the module. One of a property is for the pipe: without one, the boot stops.
    isDone: (_pipe, { property, schema, factory }) =>
      factory === undefined && (property === undefined || schema === undefined),
    typeOf: (_pipe, parameter) => parameter.type,
    passing: (pipe) => (overrides(pipe, type, 'transform') ? withoutSchema(pipe) : undefined),
  };
}

function optionsOf(pipe: PipeTransform): { readonly items?: unknown } {
  return (Reflect.get(pipe, 'options') ?? {}) as { readonly items?: unknown };
}

/** A pipe for lists that takes their items as they are. */
function withoutItems(pipe: PipeTransform): PipeTransform {
  return Object.create(pipe, { options: { value: { ...optionsOf(pipe), items: undefined } } }) as PipeTransform;
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
