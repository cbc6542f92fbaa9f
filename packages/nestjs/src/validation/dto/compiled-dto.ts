import { plainToInstance } from 'class-transformer';
import { DtoBuilder } from './dto-builder.js';
import { DtoChecker, DtoCheckers } from './dto-checker.js';
import { type DtoClass, isValidatable } from './dto-metadata.js';
import { DtoRun } from './dto-run.js';
import { type CompileOptions, type PayloadCheck, PayloadRefusal } from '../payload-check.js';

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
export function compileDto(type: DtoClass, options: CompileOptions = {}): PayloadCheck {
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
const NOT_AN_OBJECT = PayloadRefusal.ofKind('isObject');

/** A class whose instances need nothing but assignments. */
class AssignedDto implements PayloadCheck {
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
class TransformedDto implements PayloadCheck {
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
      return new PayloadRefusal([{ path: '', rule: 'transform' }], error);
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
