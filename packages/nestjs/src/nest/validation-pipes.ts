import * as common from '@nestjs/common';
import { type ArgumentMetadata, ParseArrayPipe, type PipeTransform, type Type, ValidationPipe } from '@nestjs/common';
import { overrides } from './enhancers.js';
import { type JudgedSelection, judgeInstance } from './judge-instance.js';
import type { ParameterMetadata } from './metadata.js';
import { asValidated } from './validated-argument.js';

export type PipeType = abstract new (...args: never[]) => PipeTransform;

/** A parameter of a handler, as a pipe finds it. */
export interface FilledParameter extends ParameterMetadata {
  /** Whether it takes the payload: all of it, or one property. */
  readonly isPayload: boolean;
  /** The property of the payload that it takes; `undefined` for all of it. */
  readonly property: string | undefined;
  /** Whether a pipe stands in front that may make something else of the value, or change it. */
  readonly isBehind: boolean;
  /** What TypeScript emitted for it. */
  readonly type: unknown;
}

/**
 * Whether the module has validated what a parameter is filled with, as a class; `'perhaps'`: only the value tells. What it
 * has not validated is for the pipes of the application, as ever.
 */
export type Validation = boolean | 'perhaps';

/** Answers that of one parameter. */
export type IsValidated = (parameter: FilledParameter, type: unknown) => Validation;

/** A kind of pipes that validate. */
export interface PipeKind {
  readonly type: PipeType;
  /** Whether the module has validated what a pipe would validate at a parameter. */
  readonly isDone: (pipe: PipeTransform, parameter: FilledParameter, isValidated: IsValidated) => Validation;
  /** The class that it makes instances of. */
  readonly typeOf: (pipe: PipeTransform, parameter: FilledParameter) => unknown;
  /** The values that it would make instances of; `undefined` where it would refuse, whatever they are. */
  readonly itemsOf: (value: unknown) => readonly unknown[] | undefined;
  /** Refuses what it would refuse of one object of that class, and transforms nothing. */
  readonly judge: (
    pipe: PipeTransform,
    value: object,
    type: Type,
    argument: ArgumentMetadata,
    selection: JudgedSelection,
  ) => Promise<void>;
  /** What a pipe becomes that has nothing left to validate; `undefined` for one that would do nothing more. */
  readonly passing: (pipe: PipeTransform) => PipeTransform | undefined;
}

/** The pipe for schemas of Nest 12; Nest 11 has none. */
export const { StandardSchemaValidationPipe } = common as { readonly StandardSchemaValidationPipe?: PipeType };

/** Of the kinds that make instances of no class: these have validated a value, or not. */
const OF_NO_CLASS: Pick<PipeKind, 'typeOf' | 'itemsOf' | 'judge'> = {
  typeOf: (_pipe, parameter) => parameter.type,
  itemsOf: () => undefined,
  judge: () => Promise.resolve(),
};

const OF_CLASSES: PipeKind = {
  type: ValidationPipe,
  isDone: (pipe, parameter, isValidated) => isValidated(parameter, OF_CLASSES.typeOf(pipe, parameter)),
  typeOf: (pipe, { type }) => (Reflect.get(pipe, 'expectedType') as unknown) ?? type,
  itemsOf: (value) => [value],
  judge: (pipe, ...judged) => judgeInstance(pipe as ValidationPipe, ...judged),
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
  itemsOf: (value) => (Array.isArray(value) ? value : undefined),
  judge: (pipe, value, type, _argument, selection) => {
    const ofItems = Reflect.get(pipe, 'validationPipe') as ValidationPipe;
    // As it says of its items itself.
    return judgeInstance(ofItems, value, type, { type: 'query', metatype: type }, selection);
  },
  // That it is a list, it says as before.
  passing: withoutItems,
};

/** The validation pipes of Nest. */
export const OF_NEST: readonly PipeKind[] = [
  OF_CLASSES,
  OF_LISTS,
  ...(StandardSchemaValidationPipe === undefined ? [] : [ofSchemas(StandardSchemaValidationPipe)]),
];

/** The pipe of this package knows by itself what a parameter decorator answers: it looks at payloads only. */
export function ofOurs(type: PipeType): PipeKind {
  return {
    type,
    ...OF_NO_CLASS,
    isDone: () => true,
    passing: (pipe) => (overrides(pipe, type, 'transform') ? asValidated(pipe) : undefined),
  };
}

function ofSchemas(type: PipeType): PipeKind {
  return {
    type,
    ...OF_NO_CLASS,
    // The schema of all of the payload is applied by the module. One of a property is for the pipe: without one, the boot stops.
    isDone: (_pipe, { property, schema, factory }) =>
      factory === undefined && (property === undefined || schema === undefined),
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
