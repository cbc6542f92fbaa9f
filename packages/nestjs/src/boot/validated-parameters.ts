import type { ApplicationConfig } from '@nestjs/core';
import { guardsOf, interceptorsOf } from '../nest/enhancers.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import type { PassedPipes } from '../nest/pass-validated.js';
import type { FilledParameter } from '../nest/validation-pipes.js';
import { classesIn, isValidatable } from '../validation/dto/dto-metadata.js';
import { describedAs } from '../validation/dto/is-as-strict.js';
import type { HandlerPayload } from './handler-payload.js';
import { PARAMETER_DECORATORS } from './own-decorators.js';

/** What the module has validated of what the handlers are called with, as far as their declarations tell. */
export function validatedParametersOf(
  handlers: readonly { readonly record: HandlerRecord; readonly payload: HandlerPayload }[],
  config: ApplicationConfig,
): PassedPipes['isValidated'] {
  const declarations = new Map(handlers.map(({ record, payload }) => [record, payload.declaration]));
  return (handler: HandlerRecord, parameter: FilledParameter, type: unknown) => {
    const { isPayload, isBehind, property, factory } = parameter;
    const declaration: unknown = declarations.get(handler);
    if (factory !== undefined) return PARAMETER_DECORATORS.has(factory) || (mayHold(declaration, type) && 'perhaps');
    // The socket.
    if (!isPayload) return true;
    // A parameter whose type says nothing of its value; one that the pipe was given is meant.
    if (!isValidatable(type)) return type === parameter.type;
    // It may be missing, of another class, or under a condition.
    if (property !== undefined) return mayHold(declaration, type) && 'perhaps';
    const isOne = !Array.isArray(declaration);
    const described = describedAs(isOne ? declaration : declaration[0], type);
    const isSame = described === true && isOne && !isBehind && !mayBeReplaced(handler, config);
    return isSame || (described !== false && 'perhaps');
  };
}

function mayHold(declaration: unknown, type: unknown): boolean {
  const item: unknown = Array.isArray(declaration) ? declaration[0] : declaration;
  if (!isValidatable(item) || !isValidatable(type)) return false;
  return [...classesIn(item)].some((each) => describedAs(each, type) !== false);
}

/** Whether something of the application runs between the checks and the pipes, and could put other data there. */
function mayBeReplaced(handler: HandlerRecord, config: ApplicationConfig): boolean {
  return guardsOf(handler, config).length > 0 || interceptorsOf(handler, config).length > 0;
}
