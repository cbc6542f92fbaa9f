import type { ApplicationConfig } from '@nestjs/core';
import { WsPrincipal } from '../authorization/ws-principal.decorator.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import { WsRowFilter } from '../authorization/ws-row-filter.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import { WsAbortSignal, WsConnection } from '../core/ws-connection.js';
import { classOf, instanceOf, overrides, pipesOf } from '../nest/enhancers.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { factoryOf } from '../nest/metadata.js';
import { validationPipeOf } from '../nest/pass-validated.js';
import { WsBytes } from '../validation/bytes/ws-bytes.decorator.js';

/** What these hand over was made by the module. */
const OURS: ReadonlySet<unknown> = new Set(
  [WsAbortSignal, WsBytes, WsConnection, WsPrincipal, WsResource, WsRowFilter].map(factoryOf),
);

/**
 * Refuses pipes that judge what nobody else does: the module judges payloads in the place of Nest's validation pipes. What
 * a class derived from one overrides below `transform()` would not be asked, and with `validateCustomDecorators` they
 * judge values that are no payload.
 */
export function checkJudgingPipes(handler: HandlerRecord, config: ApplicationConfig, problems: BootProblems): void {
  for (const pipe of new Set(pipesOf(handler, config))) {
    const type = validationPipeOf(pipe);
    if (type === undefined) continue;
    const { name } = classOf(pipe);
    // Protected: no key of the type.
    if (overrides(pipe, type, 'validate' as never)) {
      problems.add(
        handler.label,
        `goes through ${name}, which overrides validate() of ${type.name}: nobody would call it, the module validates messages.`,
        `move what it asks into the DTO or the schema, or override transform() of ${name}, which runs`,
      );
    }
    if (judgesCustom(instanceOf(pipe, handler.gateway.module), handler)) {
      problems.add(
        handler.label,
        `goes through ${name} with validateCustomDecorators: nothing would validate what its own parameter decorators hand over, the module takes the pipe out of the calls of handlers.`,
        `validate the value in the factory of createParamDecorator(), and give the gateway no ${name} with that option`,
      );
    }
  }
}

/** Nest's pipe judges nothing that is declared as one of these, or that has no type. */
const UNJUDGED = new Set<unknown>([String, Boolean, Number, Array, Object, Buffer, Date, undefined]);

/** Whether a pipe would validate what a decorator of the application hands to a handler. */
function judgesCustom(pipe: unknown, { parameters = [], types = [] }: HandlerRecord): boolean {
  if (typeof pipe !== 'object' || pipe === null || Reflect.get(pipe, 'validateCustomDecorators') !== true) return false;
  const expected: unknown = Reflect.get(pipe, 'expectedType');
  return parameters.some(
    ({ index, factory, schema }) =>
      factory !== undefined && !OURS.has(factory) && (schema !== undefined || !UNJUDGED.has(expected ?? types[index])),
  );
}
