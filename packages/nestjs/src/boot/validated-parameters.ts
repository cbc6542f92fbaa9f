import { WsRowFilter } from '../authorization/ws-row-filter.decorator.js';
import { WsPrincipal } from '../authorization/ws-principal.decorator.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import { WsAbortSignal, WsConnection } from '../core/ws-connection.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { factoryOf } from '../nest/metadata.js';
import type { PassedPipes } from '../nest/pass-validated.js';
import type { FilledParameter, Validation } from '../nest/validation-pipes.js';
import { WsBytes } from '../validation/bytes/ws-bytes.decorator.js';
import {
  classesIn,
  type DtoClass,
  heldClassesOf,
  isValidatable,
  readProperties,
} from '../validation/dto/dto-metadata.js';
import { isAsStrict } from '../validation/dto/is-as-strict.js';
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
    if (property !== undefined) return held(declaration, property, type);
    return asOf(itemOf(declaration), type);
  };
}

function itemOf(declaration: unknown): unknown {
  return Array.isArray(declaration) ? declaration[0] : declaration;
}

/** Whether what was validated as one class is, with that, what another one describes. */
function asOf(validated: unknown, type: DtoClass): boolean | 'loosely' {
  if (validated === type) return true;
  if (!isValidatable(validated) || !isBelow(validated, type)) return false;
  return isAsStrict(validated, type) || 'loosely';
}

function isBelow(validated: DtoClass, type: DtoClass): boolean {
  return validated.prototype instanceof type;
}

function mayHold(declaration: unknown, type: unknown): boolean {
  const item = itemOf(declaration);
  return isValidatable(item) && isValidatable(type) && [...classesIn(item)].some((each) => asOf(each, type) !== false);
}

/** Whether a DTO says of one of its properties that it holds a class, and validates what is in it: it may be missing. */
function held(declaration: unknown, name: string, type: DtoClass): Validation {
  if (!isValidatable(declaration)) return false;
  const property = readProperties(declaration).find((each) => each.name === name);
  if (property === undefined || (property.nested.length === 0 && property.record === undefined)) return false;
  const all = heldClassesOf(declaration, property.name, property.record).map((each) => asOf(each, type));
  return all.includes('loosely') ? 'loosely' : all.includes(true) && 'present';
}
