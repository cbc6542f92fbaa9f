import type { ApplicationConfig } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { classOf, overrides, pipesOf } from '../nest/enhancers.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { validationPipeOf } from '../nest/pass-validated.js';

/**
 * Refuses pipes that judge payloads in a way of their own: the module judges in the place of Nest's validation pipes, and
 * what a class derived from one overrides below `transform()` would not be asked.
 */
export function checkJudgingPipes(handler: HandlerRecord, config: ApplicationConfig, problems: BootProblems): void {
  for (const pipe of new Set(pipesOf(handler, config))) {
    const type = validationPipeOf(pipe);
    // Protected: no key of the type.
    if (type === undefined || !overrides(pipe, type, 'validate' as never)) continue;
    const { name } = classOf(pipe);
    problems.add(
      handler.label,
      `goes through ${name}, which overrides validate() of ${type.name}: nobody would call it, the module validates messages.`,
      `move what it asks into the DTO or the schema, or override transform() of ${name}, which runs`,
    );
  }
}
