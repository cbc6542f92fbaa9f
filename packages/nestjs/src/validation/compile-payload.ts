import type { DtoSelection } from '../nest/transformer-storage.js';
import { compileDto } from './dto/compiled-dto.js';
import type { DtoClass } from './dto/dto-metadata.js';
import { inputRolesIn } from './dto/input-roles.js';
import {
  type CompileOptions,
  IssuePath,
  type PayloadCheck,
  type PayloadReader,
  PayloadRun,
  primitiveReader,
} from './payload-run.js';
import { isStandardSchema } from '../core/standard-schema.js';
import { SchemaReader } from './schema-reader.js';
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
  const named = inputRolesIn(isList(declared) ? declared[0] : declared);
  const compile = (inputRoles: readonly string[]): PayloadReader => {
    const selected = { ...selection, inputRoles };
    return isList(declared)
      ? new ListReader(readerOf(declared[0], selected, detailedErrors))
      : readerOf(declared, selected, detailedErrors);
  };
  const closed = compile([]);
  const readerFor = named.length === 0 ? () => closed : readersByRoles(named, closed, compile);
  return {
    check(sent, roles = []) {
      const run = new PayloadRun(detailedErrors);
      return run.outcome(readerFor(roles).read(sent, run, undefined));
    },
    isAsOpen: (before, now) => named.every((role) => now.includes(role) || !before.includes(role)),
  };
}

/**
 * The readers of a payload with properties that roles open, one for each combination of those roles: so what is closed to a
 * sender is as unknown to its reader as what nobody has declared.
 */
function readersByRoles(
  named: readonly string[],
  closed: PayloadReader,
  compile: (held: readonly string[]) => PayloadReader,
): (roles: readonly string[]) => PayloadReader {
  // Bounded: the boot refuses a payload that names many roles, and only these count.
  const readers = new Map([['', closed]]);
  const readerOfHeld = (held: readonly string[]): PayloadReader => {
    const key = held.length === 0 ? '' : JSON.stringify(held);
    let reader = readers.get(key);
    if (reader === undefined) readers.set(key, (reader = compile(held)));
    return reader;
  };
  // Most senders have one of them, or all.
  for (const held of [...named.map((role) => [role]), named]) readerOfHeld(held);
  return (roles) => readerOfHeld(named.filter((role) => roles.includes(role)));
}

function isList(declared: PayloadDeclaration): declared is readonly [PayloadType] {
  return Array.isArray(declared);
}

function readerOf(type: PayloadType, selection: DtoSelection, hasMessages: boolean): PayloadReader {
  const primitive = primitiveReader(type);
  if (primitive !== undefined) return primitive;
  return isStandardSchema(type) ? new SchemaReader(type, hasMessages) : compileDto(type as DtoClass, selection);
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
