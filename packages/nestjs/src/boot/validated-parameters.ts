import { WsRowFilter } from '../authorization/ws-row-filter.decorator.js';
import { WsPrincipal } from '../authorization/ws-principal.decorator.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import { WsAbortSignal, WsConnection } from '../core/ws-connection.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { factoryOf } from '../nest/metadata.js';
import type { FilledParameter, PassedPipes } from '../nest/pass-validated.js';
import { WsBytes } from '../validation/bytes/ws-bytes.decorator.js';
import { classesIn, heldClassesOf, isValidatable, readProperties } from '../validation/dto/dto-metadata.js';
import type { HandlerPayload } from './handler-payload.js';

/** What comes from the module, and from no client. */
const OURS = new Set([WsRowFilter, WsPrincipal, WsResource, WsAbortSignal, WsConnection, WsBytes].map(factoryOf));

/** What the module has validated of what the handlers are called with. */
export function validatedParametersOf(
  handlers: readonly { readonly record: HandlerRecord; readonly payload: HandlerPayload }[],
): PassedPipes['isValidated'] {
  const declarations = new Map(handlers.map(({ record, payload }) => [record, payload.declaration]));
  return (handler: HandlerRecord, parameter: FilledParameter, type: unknown) => {
    const { isPayload, property, factory } = parameter;
    const declaration: unknown = declarations.get(handler);
    if (factory !== undefined) {
      if (OURS.has(factory)) return true;
      // Of a parameter decorator of the application only the value tells whether it took it out of the payload.
      return mayHold(declaration, type) && 'instances';
    }
    // The socket.
    if (!isPayload) return true;
    // A parameter whose type says nothing of its value; one that the pipe was given is meant.
    if (!isValidatable(type)) return type === parameter.type;
    return property === undefined ? isOf(itemOf(declaration), type) : isHeld(declaration, property, type);
  };
}

function itemOf(declaration: unknown): unknown {
  return Array.isArray(declaration) ? declaration[0] : declaration;
}

/** Whether what was validated as one class is, with that, what another one describes. */
function isOf(validated: unknown, type: unknown): boolean {
  return validated === type || (typeof validated === 'function' && isBelow(validated, type));
}

function isBelow(validated: { readonly prototype?: unknown }, type: unknown): boolean {
  return typeof type === 'function' && validated.prototype instanceof type;
}

function mayHold(declaration: unknown, type: unknown): boolean {
  const item = itemOf(declaration);
  return isValidatable(item) && [...classesIn(item)].some((each) => isOf(each, type));
}

/** Whether a DTO says of one of its properties that it holds a class, and validates what is in it. */
function isHeld(declaration: unknown, name: unknown, type: unknown): boolean {
  if (!isValidatable(declaration)) return false;
  const property = readProperties(declaration).find((each) => each.name === name);
  if (property === undefined || (property.nested.length === 0 && property.record === undefined)) return false;
  return heldClassesOf(declaration, property.name, property.record).some((held) => isOf(held, type));
}
