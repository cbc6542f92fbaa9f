import { createHash } from 'node:crypto';
import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import type { Principal } from '../../core/principal.js';
import {
  type CedarEntity,
  type CedarEntityJson,
  type CedarUid,
  type CedarValue,
  toCedarEntity,
  toCedarRecord,
  toCedarUid,
} from './cedar-values.js';
import { checkCedarTexts } from './check-cedar-texts.js';
import { type CedarLibrary, loadCedar } from './load-cedar.js';

/** What a {@link CedarEngine} takes. */
export interface CedarEngineOptions {
  /** The policies, in Cedar's language. */
  readonly policies: string;
  /** The schema, in Cedar's language: what the policies, and each request, are checked against. */
  readonly schema: string;
  /**
   * The entity of a principal. `principal.key` names one person across all authenticators; `principal.id` is enough where
   * there is one issuer and no tenant.
   */
  readonly principal: (principal: Principal) => CedarEntity;
}

/** One question to a {@link CedarEngine}. */
export interface CedarRequest {
  readonly principal: Principal;
  /** The id of an entity of the type `Action`, or the whole name where it has a namespace. */
  readonly action: string | CedarUid;
  readonly resource: CedarEntity;
  /** @default {} */
  readonly context?: Readonly<Record<string, CedarValue | undefined>>;
  /** Further entities that the policies look at, such as the folder of a file. @default [] */
  readonly entities?: readonly CedarEntity[];
}

/**
 * Holds a set of Cedar policies, parsed and checked against its schema once: what is wrong with it stops the boot. Provide
 * it with `useFactory`, and let policies extend {@link CedarPolicy}.
 */
export class CedarEngine {
  readonly #library: CedarLibrary;
  readonly #principalOf: CedarEngineOptions['principal'];
  readonly #parsed: { readonly preparsedPolicySetId: string; readonly preparsedSchemaName: string };

  /**
   * @throws {SecureWsBootError} for policies and schemas that cannot be parsed or do not fit together, policies that can never
   * apply, templates that nothing links, and where the package `@cedar-policy/cedar-wasm` is missing.
   */
  constructor(options: CedarEngineOptions) {
    const problems = new BootProblems();
    const reader = new OptionReader(options ?? {}, 'CedarEngine', problems);
    const policies = required(reader, 'policies', reader.string('policies'));
    const schema = required(reader, 'schema', reader.string('schema'));
    const principal = required(reader, 'principal', reader.callback<CedarEngineOptions['principal']>('principal'));
    reader.finish();
    if (policies === undefined || schema === undefined || principal === undefined || problems.problems.length > 0) {
      throw new SecureWsBootError(problems.problems);
    }
    this.#library = loadCedar();
    this.#principalOf = principal;
    for (const { name, problem } of checkCedarTexts(this.#library, policies, schema)) {
      problems.add(`CedarEngine.${name}`, problem, `correct the text of ${name}`);
    }
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
    // The library keeps what it parsed under a name, for as long as the process lives: the same text is kept once.
    const [preparsedPolicySetId, preparsedSchemaName] = [nameOf(policies), nameOf(schema)];
    this.#library.preparsePolicySet(preparsedPolicySetId, { staticPolicies: policies });
    this.#library.preparseSchema(preparsedSchemaName, schema);
    this.#parsed = { preparsedPolicySetId, preparsedSchemaName };
  }

  /**
   * Whether a policy permits it, and none forbids it.
   *
   * @throws TypeError for values that Cedar does not have, and an Error for a request that does not fit the schema, or where a
   * policy could not be evaluated: Cedar itself leaves such a policy out, and a `forbid` that is left out forbids nothing.
   */
  permits({ principal, action, resource, context = {}, entities = [] }: CedarRequest): boolean {
    const known = new Map<string, CedarEntityJson>();
    const user = add(known, toCedarEntity(this.#principalOf(principal), 'The entity of the principal'));
    const object = add(known, toCedarEntity(resource, 'The entity of the resource'));
    for (const [index, entity] of entities.entries()) add(known, toCedarEntity(entity, `The further entity ${index}`));
    const answer = this.#library.statefulIsAuthorized({
      ...this.#parsed,
      validateRequest: true,
      principal: user,
      action: toCedarUid(typeof action === 'string' ? { type: 'Action', id: action } : action, 'The action'),
      resource: object,
      context: toCedarRecord(context, 'The context'),
      entities: [...known.values()],
    });
    // Cedar's own texts quote the values that they are about, and an attribute may be a secret.
    if (answer.type !== 'success') throw new Error('Cedar: the request does not fit the schema.');
    const { decision, diagnostics } = answer.response;
    if (diagnostics.errors.length === 0) return decision === 'allow';
    const failed = diagnostics.errors.map(({ policyId }) => policyId).join(', ');
    throw new Error(`Cedar: not evaluated: ${failed} (counted from policy0, in the order of the text).`);
  }
}

/** An entity may be the principal and the resource at once; two that differ under one name would be a choice. */
function add(known: Map<string, CedarEntityJson>, entity: CedarEntityJson): CedarUid {
  const key = JSON.stringify([entity.uid.type, entity.uid.id]);
  const before = known.get(key);
  if (before !== undefined && JSON.stringify(before) !== JSON.stringify(entity)) {
    throw new Error('Cedar: two entities of one name differ.');
  }
  known.set(key, entity);
  return entity.uid;
}

function required<T>(reader: OptionReader, name: string, value: T | undefined): T | undefined {
  if (value === undefined && !reader.has(name)) reader.refuse(name, 'is missing.', '...');
  return value;
}

function nameOf(text: string): string {
  return `secure-ws:${createHash('sha256').update(text).digest('base64url')}`;
}
