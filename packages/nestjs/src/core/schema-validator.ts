import { isPromiseLike } from './awaitable.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';
import { containZod, insideOf } from './contain-zod.js';

/** What a run of a zod schema works on, and answers: `value` with what is wrong with it. */
interface ZodRun {
  readonly value: unknown;
  readonly issues: readonly unknown[];
}

/**
 * How a schema validates: by its `~standard.validate`, and one of zod 4 in one run.
 *
 * That one runs a schema synchronously first, and where something is asynchronous drops what it began and starts over: each
 * look-up is asked twice, and one that rejects is a rejection that nobody handles, which ends the process (DR-14).
 *
 * @param hasMessages whether issues need the messages of the library; those of zod come from its own way alone.
 * @returns answers a result of Standard Schema; a promise only where something in the schema is asynchronous.
 */
export function validatorOf(schema: StandardSchema, hasMessages = false): (value: unknown) => unknown {
  const standard = schema['~standard'];
  const inside = insideOf(schema);
  if (inside === undefined) return (value) => standard.validate(value);
  containZod(schema);
  if (hasMessages || typeof inside.run !== 'function') return (value) => standard.validate(value);
  return (value) => {
    const answer = inside.run?.({ value, issues: [] }, { async: true });
    return isPromiseLike(answer) ? answer.then((settled) => resultOf(settled as ZodRun)) : resultOf(answer as ZodRun);
  };
}

/** Whether a value is a schema of zod 3, whose insides leave rejections to nobody. */
export function isOldZod(value: unknown): boolean {
  return isStandardSchema(value) && value['~standard'].vendor === 'zod' && insideOf(value) === undefined;
}

function resultOf({ value, issues }: ZodRun): object {
  return issues.length > 0 ? { issues } : { value };
}
