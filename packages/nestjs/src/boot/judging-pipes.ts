import type { ApplicationConfig } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { classOf, overrides, pipesOf } from '../nest/enhancers.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { isReplaced, validationPipeOf } from '../nest/pass-validated.js';
import type { HandlerPayload } from './handler-payload.js';
import { validatedParametersOf } from './validated-parameters.js';

/**
 * Refuses pipes that judge what nobody else does: the module judges payloads in the place of Nest's validation pipes, and
 * what a class derived from one overrides below `transform()` would not be asked. Where the module has validated nothing,
 * such a pipe is asked as ever.
 */
export function checkJudgingPipes(
  handler: HandlerRecord,
  payload: HandlerPayload | undefined,
  config: ApplicationConfig,
  problems: BootProblems,
): void {
  const isValidated = validatedParametersOf(payload === undefined ? [] : [{ record: handler, payload }], config);
  for (const pipe of new Set(pipesOf(handler, config))) {
    const type = validationPipeOf(pipe);
    // Protected: no key of the type.
    if (type === undefined || !overrides(pipe, type, 'validate' as never)) continue;
    if (!isReplaced(pipe, handler, config, isValidated)) continue;
    const { name } = classOf(pipe);
    problems.add(
      handler.label,
      `goes through ${name}, which overrides validate() of ${type.name}: nobody would call it, the module validates messages.`,
      `move what it asks into the DTO or the schema, or override transform() of ${name}, which runs`,
    );
  }
}
