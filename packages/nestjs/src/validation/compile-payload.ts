import type { DtoSelection } from '../nest/transformer-storage.js';
import { compileDto } from './dto/compiled-dto.js';
import type { DtoClass } from './dto/dto-metadata.js';
import { type CompileOptions, IssuePath, type PayloadCheck, type PayloadReader, PayloadRun } from './payload-run.js';
import { isStandardSchema } from '../core/standard-schema.js';
import { SchemaReader } from './standard-schema.js';
import type { PayloadDeclaration, PayloadType } from './ws-payload.decorator.js';

/**
 * Compiles the check of a declared payload.
 *
 * @throws TypeError for a declaration that `isPayloadDeclaration` refuses.
 */
export function compilePayload(
  declared: PayloadDeclaration,
  { detailedErrors = false, selection = {} }: CompileOptions = {},
): PayloadCheck {
  const reader = isList(declared) ? new ListReader(readerOf(declared[0], selection)) : readerOf(declared, selection);
  return {
    check(sent) {
      const run = new PayloadRun(detailedErrors);
      return run.outcome(reader.read(sent, run, undefined));
    },
  };
}

function isList(declared: PayloadDeclaration): declared is readonly [PayloadType] {
  return Array.isArray(declared);
}

function readerOf(type: PayloadType, selection: DtoSelection): PayloadReader {
  if (type === String) return primitive('isString', (value) => typeof value === 'string');
  // NaN and Infinity are numbers that no comparison of a handler expects.
  if (type === Number) return primitive('isNumber', (value) => Number.isFinite(value));
  if (type === Boolean) return primitive('isBoolean', (value) => typeof value === 'boolean');
  return isStandardSchema(type) ? new SchemaReader(type) : compileDto(type as DtoClass, selection);
}

/** A primitive value, never converted from another type. */
function primitive(rule: string, test: (value: unknown) => boolean): PayloadReader {
  return {
    read(sent, run, path) {
      if (!test(sent)) run.fail(path, undefined, rule);
      return sent;
    },
  };
}

/** A list whose elements are all of one kind. Its length is bounded by `validation.maxNodes`. */
class ListReader implements PayloadReader {
  constructor(private readonly item: PayloadReader) {}

  read(sent: unknown, run: PayloadRun, path: IssuePath | undefined): unknown {
    if (!Array.isArray(sent)) {
      run.fail(path, undefined, 'isArray');
      return undefined;
    }
    const values: unknown[] = [];
    for (let index = 0; index < sent.length && !run.isFull; index++) {
      values.push(this.item.read(sent[index], run, new IssuePath(path, index)));
    }
    return values.some((value) => value instanceof Promise) ? run.wait(Promise.all(values)) : values;
  }
}
