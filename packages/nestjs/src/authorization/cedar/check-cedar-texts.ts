import type { CedarLibrary } from './load-cedar.js';

/** What is wrong with one of the two texts. */
export interface CedarTextProblem {
  readonly name: 'policies' | 'schema';
  readonly problem: string;
}

/** Whatever the library calls an error or a warning. */
interface Complaint {
  readonly message: string;
  readonly sourceLocations?: readonly { readonly start: number }[];
}

/**
 * Checks policies against their schema. A warning of Cedar's counts as well: a `forbid` that can never apply forbids nothing,
 * and was meant to.
 */
export function checkCedarTexts(cedar: CedarLibrary, policies: string, schema: string): CedarTextProblem[] {
  const problems: CedarTextProblem[] = [];
  const complain = (name: CedarTextProblem['name'], complaints: readonly Complaint[]): void => {
    const text = name === 'schema' ? schema : policies;
    for (const complaint of complaints) problems.push({ name, problem: sentenceOf(complaint, text) });
  };
  const parsedSchema = cedar.checkParseSchema(schema);
  if (parsedSchema.type !== 'success') complain('schema', parsedSchema.errors);
  const parts = cedar.policySetTextToParts(policies);
  if (parts.type !== 'success') complain('policies', parts.errors);
  if (problems.length > 0 || parts.type !== 'success') return problems;
  if (parts.policy_templates.length > 0) {
    problems.push({
      name: 'policies',
      problem: 'has a template (?principal, ?resource): nothing links it to anything.',
    });
  }
  if (parts.policies.length === 0)
    problems.push({ name: 'policies', problem: 'has no policy: nobody may do anything.' });
  const answer = cedar.validate({ schema, policies: { staticPolicies: policies } });
  if (answer.type !== 'success') complain('policies', answer.errors);
  else {
    const { validationErrors, validationWarnings, otherWarnings } = answer;
    complain(
      'policies',
      [...validationErrors, ...validationWarnings].map(({ error }) => error),
    );
    complain('schema', otherWarnings);
  }
  return problems;
}

/** What the operator wrote may be quoted to him; nothing of a client is in it. */
function sentenceOf({ message, sourceLocations }: Complaint, text: string): string {
  const start = sourceLocations?.[0]?.start;
  const line =
    start === undefined ? '' : ` (line ${Buffer.from(text).subarray(0, start).toString().split('\n').length})`;
  return `${message}${line}.`;
}
