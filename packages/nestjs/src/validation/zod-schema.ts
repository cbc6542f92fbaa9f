import { isPromiseLike } from '../core/awaitable.js';

/** What a run of a zod schema works on, and answers: `value` with what is wrong with it. */
interface ZodRun {
  readonly value: unknown;
  readonly issues: readonly unknown[];
}

/** The part of a schema of zod 4 that is used here. */
interface ZodSchema {
  readonly _zod: {
    readonly run: (run: ZodRun, context: { readonly async: boolean }) => ZodRun | Promise<ZodRun>;
  };
}

/**
 * Validates by a schema of zod 4 as its `~standard.validate` does, but in one run.
 *
 * That one runs a schema synchronously first, and where something is asynchronous drops what it began and starts over: each
 * look-up is asked twice, and one that rejects is a rejection that nobody handles, which ends the process (DR-14).
 *
 * @returns a result of Standard Schema, without messages; a promise only where something in the schema is asynchronous.
 * `undefined` for other schemas.
 */
export function zodValidator(schema: object): ((value: unknown) => unknown) | undefined {
  if (!isZod(schema)) return undefined;
  return (value) => {
    const answer = schema._zod.run({ value, issues: [] }, { async: true });
    return isPromiseLike(answer) ? answer.then(resultOf) : resultOf(answer);
  };
}

function isZod(schema: object): schema is ZodSchema {
  const inside = '_zod' in schema ? (schema._zod as Partial<ZodSchema['_zod']> | null | undefined) : undefined;
  return typeof inside?.run === 'function';
}

function resultOf({ value, issues }: ZodRun): object {
  return issues.length > 0 ? { issues } : { value };
}
