import { type ArgumentMetadata, type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ValidatedPayloads } from '../core/validated-payloads.js';

/**
 * Makes a `ValidationPipe` pass on what the module has validated. Without this it would transform the instance a second
 * time: `@Transform(({ value }) => value * 100)` gave the handler 30000 where the policy had judged 300.
 *
 * The pipe works as ever on everything else, HTTP among it.
 */
export function skipValidated(pipe: object, validated: ValidatedPayloads): boolean {
  if (!(pipe instanceof ValidationPipe)) return false;
  const transform = (pipe as PipeTransform).transform.bind(pipe);
  Object.defineProperty(pipe, 'transform', {
    configurable: true,
    writable: true,
    value: (value: unknown, metadata: ArgumentMetadata): unknown =>
      validated.has(value) ? value : transform(value, metadata),
  });
  return true;
}
