import { isPromiseLike } from '../core/awaitable.js';
import { compileDto } from './dto/compiled-dto.js';
import type { DtoClass } from './dto/dto-metadata.js';
import { type CompileOptions, MAX_ISSUES, type PayloadCheck, PayloadRefusal } from './payload-check.js';
import { isStandardSchema, SchemaPayload } from './standard-schema.js';
import type { PayloadDeclaration, PayloadType } from './ws-payload.decorator.js';

/**
 * Compiles the check of a declared payload.
 *
 * @throws TypeError for a declaration that `isPayloadDeclaration` refuses.
 */
export function compilePayload(declared: PayloadDeclaration, options: CompileOptions = {}): PayloadCheck {
  if (isList(declared)) return new ListPayload(compileType(declared[0], options));
  return compileType(declared, options);
}

function isList(declared: PayloadDeclaration): declared is readonly [PayloadType] {
  return Array.isArray(declared);
}

function compileType(type: PayloadType, options: CompileOptions): PayloadCheck {
  if (type === String) return new PrimitivePayload('isString', (value) => typeof value === 'string');
  // NaN and Infinity are numbers that no comparison of a handler expects.
  if (type === Number) return new PrimitivePayload('isNumber', (value) => Number.isFinite(value));
  if (type === Boolean) return new PrimitivePayload('isBoolean', (value) => typeof value === 'boolean');
  if (isStandardSchema(type)) return new SchemaPayload(type, options);
  return compileDto(type as DtoClass, options);
}

/** A primitive value, never converted from another type. */
class PrimitivePayload implements PayloadCheck {
  readonly #refusal: PayloadRefusal;

  constructor(
    rule: string,
    private readonly test: (value: unknown) => boolean,
  ) {
    this.#refusal = PayloadRefusal.ofKind(rule);
  }

  check(sent: unknown): unknown {
    return this.test(sent) ? sent : this.#refusal;
  }
}

const NOT_A_LIST = PayloadRefusal.ofKind('isArray');

/** A list whose elements all pass one check. Its length is bounded by `validation.maxNodes`. */
class ListPayload implements PayloadCheck {
  constructor(private readonly item: PayloadCheck) {}

  check(sent: unknown): unknown {
    if (!Array.isArray(sent)) return NOT_A_LIST;
    const outcomes: unknown[] = [];
    const waiting: PromiseLike<unknown>[] = [];
    let issues = 0;
    try {
      for (const item of sent as readonly unknown[]) {
        const outcome = this.item.check(item);
        outcomes.push(outcome);
        if (isPromiseLike(outcome)) waiting.push(outcome);
        else if (outcome instanceof PayloadRefusal) issues += outcome.issues.length;
        if (issues >= MAX_ISSUES) break;
      }
    } catch (error) {
      // Nobody will wait for these any more, and one unhandled rejection ends the process.
      for (const outcome of waiting) outcome.then(undefined, () => undefined);
      throw error;
    }
    return waiting.length === 0 ? collect(outcomes) : Promise.all(outcomes).then(collect);
  }
}

function collect(outcomes: unknown[]): unknown {
  if (!outcomes.some((outcome) => outcome instanceof PayloadRefusal)) return outcomes;
  const issues = outcomes.flatMap((outcome, index) =>
    outcome instanceof PayloadRefusal
      ? outcome.issues.map((issue) => ({
          ...issue,
          path: issue.path === '' ? String(index) : `${index}.${issue.path}`,
        }))
      : [],
  );
  return new PayloadRefusal(issues.slice(0, MAX_ISSUES));
}
