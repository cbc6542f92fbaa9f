import { isPromiseLike } from '../core/awaitable.js';
import { takeHoldBriefly } from '../core/give-up.js';
import { validatorOf } from '../core/schema-validator.js';
import type { StandardSchema } from '../core/standard-schema.js';
import { type IssuePath, MAX_ISSUES, type PayloadReader, type PayloadRun } from './payload-run.js';

/** A value that a Standard Schema checks. The handler gets the schema's output. */
export class SchemaReader implements PayloadReader {
  readonly #validate: (value: unknown) => unknown;

  /** @param hasMessages whether issues need the messages of the library. */
  constructor(schema: StandardSchema, hasMessages = false) {
    this.#validate = validatorOf(schema, hasMessages);
  }

  read(sent: unknown, run: PayloadRun, path: IssuePath | undefined): unknown {
    const result = this.#validate(sent);
    if (!isPromiseLike(result)) return take(result, run, path);
    // Before it is counted: one too many has begun as well, and nobody else would take its rejection (DR-14).
    const waited = run.wait(Promise.resolve(result).then((settled) => take(settled, run, path)));
    run.countLookup();
    return waited;
  }
}

function take(result: unknown, run: PayloadRun, path: IssuePath | undefined): unknown {
  if (typeof result !== 'object' || result === null) {
    throw new TypeError('A Standard Schema answered without a result; update the library that made it.');
  }
  const { issues } = result as { readonly issues?: unknown };
  if (issues === undefined && 'value' in result) return result.value;
  takeHoldBriefly(result);
  const listed: readonly unknown[] = Array.isArray(issues) ? issues.slice(0, MAX_ISSUES) : [];
  for (const issue of listed.length === 0 ? [undefined] : listed) report(issue, run, path);
  return undefined;
}

/** What the libraries tell of an issue: `code` those of zod and arktype, `type` valibot. The standard has no word for it. */
interface SchemaIssue {
  readonly path?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
}

function report(issue: unknown, run: PayloadRun, path: IssuePath | undefined): void {
  const { path: keys, message, code, type } = (issue ?? {}) as SchemaIssue;
  const segments: readonly unknown[] = Array.isArray(keys) ? keys : [];
  const below = segments.length === 0 ? undefined : segments.map(segmentText).join('.');
  const rule = [code, type].find((word) => isShort(word)) ?? 'schema';
  run.fail(path, below, rule, run.hasMessages && typeof message === 'string' ? message : undefined);
}

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,63}$/;

/** Whether a value looks like a word of code. A schema of records has keys, and an own schema may have codes, of the client's. */
function isShort(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}

function segmentText(segment: unknown): string {
  const key: unknown = typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment;
  if (typeof key === 'number') return String(key);
  return isShort(key) ? key : '*';
}
