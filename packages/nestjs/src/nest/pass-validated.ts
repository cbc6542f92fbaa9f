import { type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { WsMessageContext } from '../core/message-context.js';
import { instanceOf } from './enhancers.js';
import { type GatewayRecord, type HandlerRecord, type NestModule, ownersOf } from './gateway-inventory.js';
import { PARAM_ARGS_METADATA, parametersOf, PIPES_METADATA } from './metadata.js';
import type { RegistrationMetadata } from './registration-metadata.js';
import { setOwn } from './shared-patch.js';

/** Takes the place of a pipe that would validate once more. */
const PASS: PipeTransform = Object.freeze({ transform: (value: unknown): unknown => value });

/**
 * Takes Nest's `ValidationPipe`, and that of this package, out of the calls of handlers whose messages the module
 * validates: on the gateway, its methods, their parameters, and among the global pipes (Nest 12 runs those on gateways).
 * Whether a call is validated is thus known of the call. A pipe that looked at the value could not know: what
 * `@MessageBody('money')` takes out of a validated payload is a number like any other, and `@Transform` would be applied
 * to it once more, after the policies have judged it (F11).
 *
 * Elsewhere, and for HTTP, the same pipes work as ever.
 *
 * @param isOurs whether a class is the validation pipe of this package.
 */
export function passValidated(
  gateways: readonly GatewayRecord[],
  config: ApplicationConfig,
  metadata: RegistrationMetadata,
  isOurs: (pipe: unknown) => boolean,
): void {
  const pass = (reference: unknown, module?: NestModule): unknown => {
    const pipe = instanceOf(reference, module);
    if (isValidation(reference, pipe, isOurs)) return PASS;
    if (pipe === undefined) return reference;
    return withoutGate(pipe instanceof ValidationPipe ? withoutType(pipe) : (pipe as PipeTransform));
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

function isValidation(reference: unknown, pipe: unknown, isOurs: (pipe: unknown) => boolean): boolean {
  if (isOurs(reference) || isOurs(pipe) || reference === ValidationPipe) return true;
  // A subclass with a transform of its own does more than to validate.
  return pipe instanceof ValidationPipe && pipe.transform === ValidationPipe.prototype.transform;
}

/**
 * A class derived from `ValidationPipe` does more than to validate: its own `transform` runs, and Nest's part in it, which
 * has no type to go by, passes the value on (F12).
 */
function withoutType(pipe: ValidationPipe): PipeTransform {
  const hasType = Reflect.get(pipe, 'expectedType') !== undefined;
  const untyped = hasType ? (Object.create(pipe, { expectedType: { value: undefined } }) as ValidationPipe) : pipe;
  return {
    transform: (value: unknown, metadata): unknown => untyped.transform(value, { ...metadata, metatype: undefined }),
  };
}

/** Keeps the parameter by which the message reaches the gate of its handler away from the application's pipes. */
function withoutGate(pipe: PipeTransform): PipeTransform {
  return {
    transform: (value: unknown, argument): unknown =>
      value instanceof WsMessageContext ? value : (pipe.transform(value, argument) as unknown),
  };
}
