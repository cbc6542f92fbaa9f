import type { PipeTransform, Type } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { callParametersOf } from './call-parameters.js';
import { instanceOf, isOfClass, runsGlobalEnhancers } from './enhancers.js';
import { type GatewayRecord, type HandlerRecord, ownersOf } from './gateway-inventory.js';
import {
  listOf,
  PARAM_ARGS_METADATA,
  type ParameterMetadata,
  PAYLOAD_PARAMETER,
  payloadPropertyOf,
  PIPES_METADATA,
} from './metadata.js';
import type { JudgedSelection } from './judge-instance.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn } from './shared-patch.js';
import {
  type FilledParameter,
  type IsValidated,
  OF_NEST,
  ofOurs,
  type PipeKind,
  type PipeType,
  StandardSchemaValidationPipe,
} from './validation-pipes.js';

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
    return isDone !== false && (isDone !== true || filled.isPayload);
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
  return { ...parameter, isPayload, property, isBehind: false, type: types[parameter.index] };
}

/** What was validated, by identity. */
export interface JudgedValues {
  /** A pipe wants to know what was validated of what a parameter of this handler takes. */
  watch(handler: HandlerRecord, parameter: FilledParameter): void;
  /** Whether values were validated as a class; `'loosely'`: by rules that admit more. */
  validationOf(items: readonly unknown[], type: unknown): boolean | 'loosely';
  /** For which groups and version a value was validated. */
  selectionOf(item: unknown): JudgedSelection;
}

/** What the validation pipes of a call are to do. */
export interface PassedPipes {
  /** The validation pipe of this package. */
  readonly ours: PipeType;
  /** Whether validation only reports for a gateway: its handlers get what was sent, through the application's own pipes. */
  readonly isReported: (gateway: GatewayRecord) => boolean;
  /** What the module has validated of what a handler is called with. */
  readonly isValidated: (handler: HandlerRecord, ...place: Parameters<IsValidated>) => ReturnType<IsValidated>;
  readonly judged: JudgedValues;
}

/**
 * Takes Nest's validation pipes, and that of this package, out of the calls of handlers whose messages the module
 * validates: on the gateway, its methods, their parameters, and among the global pipes (Nest 12 runs those on gateways).
 * Whether a call is validated is thus known of the call. A pipe that looked at the value could not know: what
 * `@MessageBody('money')` takes out of a validated payload is a number like any other, and `@Transform` would be applied
 * to it once more, after the policies have judged it (F11).
 *
 * They stay where they validate what the module has not, or may have not: what a parameter decorator of the application
 * answers, what another pipe, a guard or an interceptor has put into the place of the payload, and a property, which may be
 * missing. There a value is passed on that *is* what was validated, whatever it is an instance of.
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
  { ours, isReported, isValidated, judged }: PassedPipes,
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
      let isBehind = false;
      const isDoneAt: IsValidated = (...place) => {
        const validation = isValidated(handler, ...place);
        if (validation === 'perhaps') judged.watch(handler, { ...filled, isBehind });
        return validation;
      };
      const pipes = [...common, ...(parameter.pipes ?? [])].flatMap((reference): readonly unknown[] => {
        const pipe = instanceOf(reference, gateway.module) ?? reference;
        const kind = kinds.find(({ type }) => isOfClass(pipe, type));
        if (kind === undefined) {
          isBehind = true;
          return [reference];
        }
        // Of a class that nobody has made an instance of, Nest passes over it.
        if (typeof pipe === 'function') return [];
        const place = { ...filled, isBehind };
        const left = pass(pipe as PipeTransform, kind, place, isDoneAt, judged);
        isBehind ||= left.includes(pipe as PipeTransform) || kind.passing(pipe as PipeTransform) !== undefined;
        return left;
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
  judged: JudgedValues,
): readonly PipeTransform[] {
  const isDone = kind.isDone(pipe, parameter, isValidated);
  if (isDone === false) return [pipe];
  const passing = kind.passing(pipe);
  if (isDone === true) return passing === undefined ? [] : [passing];
  const type = kind.typeOf(pipe, parameter) as Type;
  // What stands in front, and a decorator of the application, may have changed what was validated.
  const mayBeChanged = parameter.isBehind || parameter.factory !== undefined;
  const transform: PipeTransform['transform'] = async (value: unknown, argument): Promise<unknown> => {
    const items = kind.itemsOf(value);
    const validation = items !== undefined && judged.validationOf(items, type);
    if (items === undefined || validation === false) return (await pipe.transform(value, argument)) as unknown;
    if (validation === 'loosely' || mayBeChanged) {
      for (const item of items) await kind.judge(pipe, item as object, type, argument, judged.selectionOf(item));
    }
    return passing === undefined ? value : ((await passing.transform(value, argument)) as unknown);
  };
  return [{ transform }];
}
