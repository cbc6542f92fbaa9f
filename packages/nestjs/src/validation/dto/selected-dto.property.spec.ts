import 'reflect-metadata';
import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  MinLength,
  validate,
  ValidateIf,
  ValidateNested,
  type ValidationError,
} from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DtoSelection } from '../../nest/transformer-storage.js';
import { compilePayload } from '../compile-payload.js';
import { MAX_ISSUES, PayloadRefusal } from '../payload-run.js';
import { DtoBuilder } from './dto-builder.js';
import { type DtoClass, readProperties } from './dto-metadata.js';

class Ruled {
  @IsInt() id!: number;
  @IsString({ groups: ['create'] }) @MinLength(2) name!: string;
  @IsOptional({ groups: ['update'] }) @IsString({ groups: ['create', 'update'] }) note?: string;
  @IsOptional() @IsBoolean({ groups: ['admin'], always: false }) flag?: boolean;
  @ValidateIf((dto: Ruled) => dto.id === 1, { groups: ['update'] }) @Min(1, { groups: ['update'] }) count!: number;
  @IsString({ always: true, groups: ['admin'] }) text!: string;
}

class Line extends Ruled {
  @MaxLength(3, { groups: ['update'] }) @MaxLength(1, { groups: ['create'] }) declare text: string;
}

class Order {
  @ValidateNested() @Type(() => Line) line!: Line;
  @IsOptional({ groups: ['create'] })
  @IsArray()
  @ArrayMaxSize(2, { groups: ['create'] })
  @ValidateNested({ each: true })
  @Type(() => Ruled)
  lines?: Ruled[];
}

class Shown {
  @IsInt() id!: number;
  @Expose({ groups: ['create'] }) @IsString() name!: string;
  @Expose({ since: 2 }) @IsString() note!: string;
  @Expose({ until: 2, name: 'old_text' }) @IsString() text!: string;
  @Expose({ since: 2, until: 3, groups: ['update'] }) @IsBoolean({ groups: ['update'] }) flag!: boolean;
  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? value + 1 : value), { since: 2 })
  @IsInt()
  count!: number;
  @IsOptional() @ValidateNested() @Type(() => Shown) line?: Shown;
}

/** The properties all of whose rules have groups, as they are written above: for others, nobody may name them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  note: ['create', 'update'],
  flag: ['admin'],
  count: ['update'],
};

function isMember(name: string, { groups }: DtoSelection): boolean {
  return groups === undefined || GROUPS[name]?.some((group) => groups.includes(group)) !== false;
}

const SELECTIONS: readonly DtoSelection[] = [
  {},
  { groups: ['create'] },
  { groups: ['update'] },
  { groups: ['create', 'admin'] },
  { version: 1 },
  { version: 2 },
  { groups: ['update'], version: 2 },
  { groups: ['create'], version: 3 },
];

/** Written a second time, from the documentation of class-transformer: what `Shown` has for a selection, as it is sent. */
function shownNames({ groups = [], version = NaN }: DtoSelection): Record<string, string> {
  const isOld = version < 2;
  const isNew = version >= 2 || Number.isNaN(version);
  return {
    ...{ id: 'id', count: 'count', line: 'line' },
    ...(groups.includes('create') ? { name: 'name' } : {}),
    ...(isNew ? { note: 'note' } : {}),
    ...(isOld || Number.isNaN(version) ? { old_text: 'text' } : {}),
    ...(groups.includes('update') && isNew && !(version >= 3) ? { flag: 'flag' } : {}),
  };
}

const mostly = (good: readonly unknown[], bad: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) });

const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  id: mostly([1, 2], ['x', 1.5]),
  name: mostly(['ab', 'abc'], ['a', null]),
  note: mostly(['n', 'm'], [null, 5]),
  flag: mostly([true, false], ['x', null]),
  count: mostly([1, 2, 3], [0, '1']),
  text: mostly(['a', 'b'], ['abc', 'abcd', 1]),
};

function leafOf(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const all = fc.record(
    Object.fromEntries(names.map((name) => [name, values[name === 'old_text' ? 'text' : name] ?? fc.nat()])),
  );
  const requiredKeys: never[] = [];
  const some = fc.record(Object.fromEntries(Object.entries(values)), { requiredKeys });
  return fc.oneof(
    { weight: 6, arbitrary: all },
    { weight: 1, arbitrary: some },
    { weight: 1, arbitrary: all.map((sent) => ({ ...sent, unknown: 1 })) },
  );
}

function payloadOf(type: DtoClass, selection: DtoSelection): fc.Arbitrary<object> {
  const ruled = leafOf(readProperties(Ruled, selection).map(({ name }) => name));
  if (type === Ruled) return ruled;
  if (type === Order)
    return fc.record({ line: ruled, lines: fc.array(ruled, { maxLength: 3 }) }, { requiredKeys: ['line'] });
  const shown = leafOf(Object.keys(shownNames(selection)).filter((name) => name !== 'line'));
  return fc
    .tuple(shown, fc.option(shown, { nil: undefined }))
    .map(([one, line]) => (line === undefined ? one : { ...one, line }));
}

/** `path rule`, and `path *` for an object with names that do not belong there. */
async function failuresOfLibraries(
  type: DtoClass,
  sent: object,
  selection: DtoSelection,
): Promise<{ instance: object; failures: Map<string, Set<string>>; unknown: Set<string> }> {
  const { groups, version } = selection;
  const instance = plainToInstance(type, structuredClone(sent), {
    ...(groups === undefined ? {} : { groups: [...groups] }),
    ...(version === undefined ? {} : { version }),
  });
  const copy = structuredCloneOf(instance);
  const errors = await validate(copy, {
    ...{ whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, always: true },
    ...(groups === undefined ? {} : { groups: [...groups] }),
  });
  const failures = new Map<string, Set<string>>();
  const unknown = new Set<string>();
  collect(errors, '');
  collectLeftOut(sent, '');
  // Our one omission: below a property that failed itself, nothing is looked at.
  const isBelowAFailure = (path: string): boolean => [...failures.keys()].some((other) => path.startsWith(`${other}.`));
  for (const path of [...failures.keys()].filter(isBelowAFailure)) failures.delete(path);
  for (const path of [...unknown].filter(isBelowAFailure)) unknown.delete(path);
  return { instance, failures, unknown };

  function collect(found: readonly ValidationError[], prefix: string): void {
    for (const { property, constraints = {}, children = [] } of found) {
      const path = `${prefix}${property}`;
      if ('whitelistValidation' in constraints) unknown.add(prefix);
      // What is not of a selection has no rules with us.
      else if (!isThere(property)) continue;
      else if (Object.keys(constraints).length > 0) failures.set(path, new Set(Object.keys(constraints)));
      collect(children, `${path}.`);
    }
  }

  function isThere(property: string): boolean {
    return type === Shown ? Object.values(shownNames(selection)).includes(property) : isMember(property, selection);
  }

  /** What class-transformer drops in silence, or class-validator knows by a rule without a group, we refuse. */
  function collectLeftOut(value: unknown, prefix: string): void {
    if (typeof value !== 'object' || value === null) return;
    const shown = Object.keys(shownNames(selection));
    const isOut = (name: string): boolean => (type === Shown ? !shown.includes(name) : !isMember(name, selection));
    if (!Array.isArray(value) && Object.keys(value).some(isOut)) unknown.add(prefix);
    for (const [name, below] of Object.entries(value)) collectLeftOut(below, `${prefix}${name}.`);
  }
}

/** A copy without the fields that every instance has and no value was given to: class-validator takes them for unknown. */
function structuredCloneOf(instance: object): object {
  const copy = Object.create(Object.getPrototypeOf(instance) as object) as Record<string, unknown>;
  for (const [name, value] of Object.entries(instance)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) copy[name] = value.map((item: unknown) => cloned(item));
    else copy[name] = cloned(value);
  }
  return copy;
}

function cloned(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? structuredCloneOf(value) : value;
}

const CASES = [Ruled, Line, Order, Shown].flatMap((type) =>
  SELECTIONS.map((selection) => [type.name, selection, type] as const),
);

describe('compileDto with groups and a version, beside class-transformer and class-validator', () => {
  it.each(CASES)(
    'MV-03 judges payloads of %s for %j as they do',
    async (_, selection, type) => {
      const dto = compilePayload(type, { selection });
      const verdicts = { accepted: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(payloadOf(type === Line ? Ruled : type, selection), async (sent) => {
          const { instance, failures, unknown } = await failuresOfLibraries(type, sent, selection);
          const outcome = await dto.check(sent);
          if (!(outcome instanceof PayloadRefusal)) {
            verdicts.accepted++;
            expect([[...failures], [...unknown]]).toEqual([[], []]);
            expect(outcome).toBeInstanceOf(type);
            expect(outcome).toEqual(instance);
            return;
          }
          verdicts.refused++;
          for (const { path, rule } of outcome.issues) {
            if (rule === 'whitelistValidation') expect([...unknown]).toContain(path.slice(0, -1));
            else expect([...(failures.get(path) ?? [])]).toContain(rule);
          }
          if (outcome.issues.length === MAX_ISSUES) return;
          const told = new Set(outcome.issues.map(({ path }) => path));
          expect(told).toEqual(new Set([...failures.keys(), ...[...unknown].map((prefix) => `${prefix}*`)]));
        }),
        { numRuns: 300, seed: 20261127 },
      );
      expect(verdicts.accepted).toBeGreaterThan(5);
      expect(verdicts.refused).toBeGreaterThan(20);
    },
    30_000,
  );

  it.each(SELECTIONS)('makes instances itself where only rules have groups: %j', (selection) => {
    expect([Ruled, Line, Order].every((type) => DtoBuilder.compile(type, selection) !== undefined)).toBe(true);
  });
});
