import type { ValidationIssue } from '@secure-ws/protocol';
import { isPromiseLike } from '../core/awaitable.js';

import { type CompileOptions, MAX_ISSUES, type PayloadCheck, PayloadRefusal } from './payload-check.js';

/**
 * A schema of any library that implements Standard Schema (https://standardschema.dev), such as zod, valibot or arktype.
 *
 * Whether unknown properties are refused is for the schema to say: `z.strictObject`, not `z.object`.
 */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
  };
}

/** Whether a value is a Standard Schema, which may be an object or a function. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false;
  const standard = value['~standard'] as Partial<StandardSchema['~standard']> | null | undefined;
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** The check by a Standard Schema. The handler gets the schema's output. */
export class SchemaPayload implements PayloadCheck {
  readonly #hasMessages: boolean;

  constructor(
    private readonly schema: StandardSchema,
    { detailedErrors = false }: CompileOptions,
  ) {
    this.#hasMessages = detailedErrors;
  }

  check(sent: unknown): unknown {
    const result = this.schema['~standard'].validate(sent);
    return isPromiseLike(result) ? result.then((settled) => this.#read(settled)) : this.#read(result);
  }

  #read(result: unknown): unknown {
    if (typeof result !== 'object' || result === null) {
      throw new TypeError('A Standard Schema answered without a result; update the library that made it.');
    }
    const { issues } = result as { readonly issues?: unknown };
    if (issues === undefined && 'value' in result) return result.value;
    const listed: readonly unknown[] = Array.isArray(issues) ? issues.slice(0, MAX_ISSUES) : [];
    return new PayloadRefusal(
      listed.length === 0 ? [{ path: '', rule: 'schema' }] : listed.map((issue) => this.#issue(issue)),
    );
  }

  #issue(issue: unknown): ValidationIssue {
    const { path, message } = (issue ?? {}) as { readonly path?: unknown; readonly message?: unknown };
    const segments: readonly unknown[] = Array.isArray(path) ? path : [];
    const mapped = { path: segments.map(segmentText).join('.'), rule: 'schema' };
    return this.#hasMessages && typeof message === 'string' ? { ...mapped, message } : mapped;
  }
}

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,63}$/;

/** In a schema of records a segment can be a key of the client's: only what could be a name in code is shown. */
function segmentText(segment: unknown): string {
  const key: unknown = typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment;
  if (typeof key === 'number') return String(key);
  return typeof key === 'string' && IDENTIFIER.test(key) ? key : '*';
}
