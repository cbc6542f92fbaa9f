import { plainToInstance } from 'class-transformer';
import { DtoBuilder } from './dto-builder.js';
import { DtoChecker, DtoCheckers } from './dto-checker.js';
import { type DtoClass, isValidatable } from './dto-metadata.js';
import { DtoRefusal } from './dto-refusal.js';
import { DtoRun } from './dto-run.js';

export { DtoRefusal } from './dto-refusal.js';

/** A compiled check of payloads. */
export interface CompiledDto {
  /**
   * Checks a decoded payload.
   *
   * @returns what the handler gets (for a class, a new instance of it), or a {@link DtoRefusal}; as a promise only where a
   * validator is asynchronous.
   * @throws what an asynchronous validator rejects with, or the constructor of the class throws: neither says anything of
   * the payload, which is refused all the same. A validator that throws at once has refused the payload.
   */
  check(sent: unknown): unknown;
}

/** Options of the compilation. */
export interface CompileOptions {
  /**
   * Whether issues carry class-validator's messages, which quote values and names that the client sent.
   *
   * @default false
   */
  readonly detailedErrors?: boolean;
}

/**
 * Compiles the check of a DTO class: what `plainToInstance` and `validate` with `whitelist`, `forbidNonWhitelisted` and
 * `forbidUnknownValues` do, without conversion of types that `@Type` does not ask for (MV-03), and stricter in one
 * thing: an array never passes for an object, nor the reverse (MV-07).
 *
 * Instances of classes that ask for transformations (`@Transform`, `@Expose`, `@Exclude`, discriminators, `@Type` of a
 * built-in class) are made by class-transformer; the rules are the same.
 *
 * @throws TypeError for a class without class-validator decorators.
 */
export function compileDto(type: DtoClass, options: CompileOptions = {}): CompiledDto {
  const { detailedErrors = false } = options;
  if (!isValidatable(type)) {
    throw new TypeError(`${describe(type)} has no class-validator decorators; add one to each of its properties.`);
  }
  const checker = new DtoCheckers().of(type) as DtoChecker;
  const builder = DtoBuilder.compile(type);
  return builder === undefined
    ? new TransformedDto(checker, detailedErrors)
    : new AssignedDto(checker, builder, detailedErrors);
}

function describe(type: unknown): string {
  return typeof type === 'function' ? type.name : 'The declared payload';
}

/** MV-08: these would make an instance without a single property. */
const NOT_AN_OBJECT = Object.freeze(new DtoRefusal(Object.freeze([Object.freeze({ path: '', rule: 'isObject' })])));

/** A class whose instances need nothing but assignments. */
class AssignedDto implements CompiledDto {
  constructor(
    private readonly checker: DtoChecker,
    private readonly builder: DtoBuilder,
    private readonly detailedErrors: boolean,
  ) {}

  check(sent: unknown): unknown {
    if (!isRecord(sent)) return NOT_AN_OBJECT;
    return judge(this.checker, this.builder.build(sent), sent, this.detailedErrors);
  }
}

/** A class whose instances class-transformer makes. */
class TransformedDto implements CompiledDto {
  constructor(
    private readonly checker: DtoChecker,
    private readonly detailedErrors: boolean,
  ) {}

  check(sent: unknown): unknown {
    if (!isRecord(sent)) return NOT_AN_OBJECT;
    let instance: object;
    try {
      instance = plainToInstance(this.checker.type, sent);
    } catch (error) {
      // A transformation runs before any rule, on whatever the client sent in place of what it was written for.
      return new DtoRefusal([{ path: '', rule: 'transform' }], error);
    }
    return judge(this.checker, instance, instance, this.detailedErrors);
  }
}

function judge(checker: DtoChecker, instance: object, sent: object, detailedErrors: boolean): unknown {
  const run = new DtoRun(detailedErrors);
  checker.check(instance, sent, run, undefined);
  return run.isPending ? run.settle(instance) : run.outcome(instance);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
