import { type ClassTransformOptions, plainToInstance } from 'class-transformer';
import type { DtoSelection } from '../../nest/transformer-storage.js';
import { type IssuePath, type PayloadReader, type PayloadRun, primitiveReader } from '../payload-run.js';
import { copyJson, DtoBuilder } from './dto-builder.js';
import { type DtoChecker, DtoCheckers } from './dto-checker.js';
import { type DtoClass, isValidatable } from './dto-metadata.js';

/**
 * Compiles the check of a DTO class: what `plainToInstance` and `validate` with `whitelist`, `forbidNonWhitelisted` and
 * `forbidUnknownValues` do, without conversion of types that `@Type` does not ask for (MV-03), and stricter in these:
 *
 * - What a property is declared as holds: no array passes for an object, no object for a list, a text or a number (MV-07).
 * - What class-transformer would leave out is refused: the properties of an `@Exclude()` class, those of another group,
 *   the own name of a property that is exposed under another one.
 * - A discriminator names one of its `subTypes` (MV-15), and `@IsInt()` is an integer that a number holds exactly (MV-09).
 *
 * Instances of classes that ask for transformations (`@Transform`, `@Expose`, `@Exclude`, discriminators, `@Type` of a
 * built-in class) are made by class-transformer; the rules are the same.
 *
 * @param selection the groups and the version that count, as `groups` and `version` of class-transformer and `groups` of
 * class-validator. A property that is for other groups or versions is not there: a payload that names it is refused, and
 * its rules are not asked. Rules without a group belong to every group, as with `always` of class-validator.
 * @throws TypeError for a class without class-validator decorators.
 */
export function compileDto(type: DtoClass, selection: DtoSelection = {}): PayloadReader {
  const name = typeof type === 'function' ? type.name : 'The declared payload';
  if (!isValidatable(type, selection)) {
    throw new TypeError(`${name} has no class-validator decorators; add one to each of its properties.`);
  }
  const options = transformOptionsOf(selection);
  const checkers = new DtoCheckers(selection, (of) => primitiveReader(of) ?? readerOf(of as DtoClass));
  return readerOf(type);

  function readerOf(of: DtoClass): PayloadReader {
    return new DtoReader(of, checkers.of(of) as DtoChecker, DtoBuilder.compile(of, selection), options);
  }
}

function transformOptionsOf({ groups, version }: DtoSelection): ClassTransformOptions {
  return { ...(groups === undefined ? {} : { groups: [...groups] }), ...(version === undefined ? {} : { version }) };
}

class DtoReader implements PayloadReader {
  constructor(
    private readonly type: DtoClass,
    private readonly checker: DtoChecker,
    private readonly builder: DtoBuilder | undefined,
    private readonly options: ClassTransformOptions,
  ) {}

  read(sent: unknown, run: PayloadRun, path: IssuePath | undefined): unknown {
    if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
      // MV-08: it would make an instance without a single property.
      run.fail(path, undefined, 'isObject');
      return undefined;
    }
    try {
      // A copy: class-transformer deletes discriminators from what it reads, and a @Transform may do anything.
      const instance = this.builder?.build(sent) ?? this.#transform(sent, run);
      this.checker.check(instance, sent, run, path);
      return instance;
    } catch (error) {
      // Constructors, transformations and accessors are run on whatever the client sent in place of what they expect.
      run.blame(error);
      run.fail(path, undefined, 'transform');
      return undefined;
    }
  }

  #transform(sent: object, run: PayloadRun): object {
    const instance = plainToInstance(this.type, copyJson(sent), this.options);
    run.keepTransformed(instance);
    return instance;
  }
}
