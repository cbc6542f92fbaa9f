/**
 * A schema of any library that implements Standard Schema (https://standardschema.dev), such as zod, valibot or arktype.
 *
 * Whether unknown properties are refused is for the schema to say: of what comes in `z.strictObject`, not `z.object`.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Answers `{ value }` or `{ issues }`, or a promise of it. */
    readonly validate: (value: unknown) => unknown;
    /** What TypeScript knows of it; not there at run time. */
    readonly types?: { readonly output: Output } | undefined;
  };
}

/** The name of this module, as the maker of a schema. */
export const OWN_VENDOR = 'secure-ws';

/** Whether a value is a Standard Schema, which may be an object or a function. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false;
  const standard = value['~standard'] as Partial<StandardSchema['~standard']> | null | undefined;
  return standard?.version === 1 && typeof standard.validate === 'function';
}
