import 'reflect-metadata';
import { Exclude, Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  Contains,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsDefined,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNegative,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  registerDecorator,
  validate,
  ValidateIf,
  ValidateNested,
  type ValidationError,
} from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { MAX_ISSUES, PayloadRefusal } from '../payload-run.js';
import { DtoBuilder } from './dto-builder.js';
import { type DtoClass, readProperties } from './dto-metadata.js';

enum Side {
  Buy = 'buy',
  Sell = 'sell',
}
enum Level {
  Low,
  High,
}

function IsEven(isAsync: boolean): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'isEven',
      target: target.constructor,
      propertyName: propertyName as string,
      validator: {
        validate: (value: unknown) => (isAsync ? Promise.resolve(Number(value) % 2 === 0) : Number(value) % 2 === 0),
      },
    });
  };
}

class Texts {
  @IsString() @Length(2, 4) length!: string;
  @MinLength(2) @MaxLength(3) bounds!: string;
  @Matches(/^a+$/i) pattern!: string;
  @Matches(/b/g) global!: string;
  @IsUUID() uuid!: string;
  @IsOptional() @IsUUID('4') uuid4?: string;
  @IsOptional() @IsEmail() mail?: string;
  @IsOptional() @IsDateString() @Contains('2') date?: string;
}

class Numbers {
  @IsInt() @Min(-1) @Max(2) int!: number;
  @IsNumber() @IsPositive() positive!: number;
  @IsOptional() @IsNumber({ maxDecimalPlaces: 1 }) decimals?: number;
  @IsOptional() @IsNegative() negative?: number;
  @IsOptional() @IsNumber({ allowNaN: true }) nan?: number;
  @IsBoolean() flag!: boolean;
}

class Choices {
  @IsIn(['a', 1, null]) word!: unknown;
  @IsEnum(Side) side!: Side;
  @IsOptional() @IsEnum(Level) level?: Level;
  @IsDefined() @Allow() anything!: unknown;
  @IsNotEmpty() @Equals('a') constant!: string;
  @Allow() allowed?: unknown;
}

class Lists {
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(2) @IsString({ each: true }) texts!: string[];
  @ArrayNotEmpty() @Min(0, { each: true }) numbers!: number[];
  @IsOptional() @IsEmail({}, { each: true }) mails?: string[];
  @IsOptional() @IsObject() meta?: object;
}

class Defaults {
  @IsInt() page = 1;
  @IsOptional() @IsString() text: string | undefined = 'x';
  @ValidateIf((dto: Defaults) => dto.page === 2) @IsBoolean() onSecond?: boolean;
  @IsString({ validateIf: (dto: Defaults) => dto.page === 1 }) onFirst?: string;
}

class Child extends Defaults {
  @IsInt() @Max(1) override page = 0;
  @IsBoolean() own!: boolean;
}

class Leaf {
  @IsInt() int!: number;
  @IsOptional() @IsString() text?: string;
}

class Tree {
  @IsOptional() @ValidateNested() @Type(() => Tree) left?: Tree;
  @IsDefined() @ValidateNested() @Type(() => Leaf) int!: Leaf;
  @IsArray() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Leaf) texts!: Leaf[];
}

class Loose {
  @ValidateNested() @Type(() => Leaf) left?: Leaf;
  @ValidateNested({ each: true }) @Type(() => Leaf) texts?: Leaf[];
  @IsOptional() @Allow() page?: unknown;
}

class Custom {
  @IsEven(false) @IsInt() int!: number;
  @IsEven(true) page!: number;
}

class Transformed {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @MinLength(1)
  text!: string;

  @Type(() => Number) @IsInt() int!: number;
  @IsOptional() @Type(() => Date) @IsDate() date?: Date;
  @Expose({ name: 'flag' }) @IsBoolean() own!: boolean;
  @IsOptional() @ValidateNested() @Type(() => Leaf) left?: Leaf;
}

class Free {
  @IsObject() meta!: Record<string, unknown>;
  @IsOptional() @Allow() anything?: unknown;
  @IsOptional() @Allow() texts?: unknown[];
}

class Declared {
  @IsString({ each: true }) texts!: string[];
  @IsOptional() @IsIn([0, 1], { each: true }) numbers?: number[];
  @IsOptional() @IsNotEmpty({ each: true }) mails?: unknown;
  @IsNotEmpty() text!: string;
  @IsOptional() @Allow() page?: number;
  @IsOptional() @IsNotEmpty() flag?: boolean;
}

@Exclude()
class Excluding {
  @Expose() @IsString() text!: string;
  @Expose({ groups: ['admin'] }) @IsOptional() word?: unknown;
  @IsOptional() @IsInt() int?: number;
  @Expose() @IsOptional() @ValidateNested() @Type(() => Excluding) left?: Excluding;
}

class Accessors {
  #text = '';
  @IsString()
  get text(): string {
    return this.#text;
  }
  set text(value: string) {
    this.#text = value;
  }
  @IsOptional()
  get word(): string {
    return this.#text;
  }
  @Exclude() @IsOptional() flag?: boolean;
  @IsInt() int!: number;
}

/** Whether class-transformer leaves a name of a payload out in silence. */
const isLeftOut = (type: unknown, name: string): boolean =>
  name in Object.prototype ||
  (type === Excluding && !['text', 'left'].includes(name)) ||
  (type === Accessors && ['word', 'flag'].includes(name));

const CORPUS: readonly (readonly [name: string, type: DtoClass, isAssigned: boolean])[] = [
  ['Texts', Texts, true],
  ['Numbers', Numbers, true],
  ['Choices', Choices, true],
  ['Lists', Lists, true],
  ['Defaults', Defaults, true],
  ['Child', Child, true],
  ['Leaf', Leaf, true],
  ['Tree', Tree, true],
  ['Loose', Loose, true],
  ['Custom', Custom, true],
  ['Free', Free, true],
  ['Declared', Declared, true],
  ['Transformed', Transformed, false],
  ['Excluding', Excluding, false],
  ['Accessors', Accessors, false],
];

const texts = fc.constantFrom(
  ...['', ' ', 'a', 'aa', 'aaa', 'aaaaa', 'b', 'A', 'buy', 'BUY', 'Low', 'a@example.com', '2026-11-22', '1', 'true'],
  ...['\u{1f44d}', '\u{1f44d}\u{1f44d}\u{1f44d}', 'a\ufe0f\ufe0f', '\ufe0fa', '\ud800', 'aa\n'],
  ...['1c9d6b44-0f0e-4a3c-9d55-6a0c1d2e3f40', '1c9d6b44-0f0e-1a3c-9d55-6a0c1d2e3f40'],
);
const numbers = fc.constantFrom(0, -0, 1, -1, 2, 3, 4, 0.1, 1.5, 0.12, 1e21, 2 ** 53);
const others = fc.constantFrom<unknown>(null, true, false);

/** Values for a property of any name: mostly what the corpus asks for, so that many payloads pass. */
const { payload } = fc.letrec<{ payload: Record<string, unknown>; value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    texts,
    numbers,
    others,
    tie('payload'),
    fc.array(fc.oneof(texts, numbers, others, tie('payload'), fc.array(tie('payload'), { maxLength: 1 })), {
      maxLength: 3,
    }),
  ),
  payload: fc
    .record({
      names: fc.uniqueArray(
        fc.constantFrom(...namesOf(CORPUS), 'unknown', '0', 'toString', 'hasOwnProperty', 'valueOf'),
        { maxLength: 3 },
      ),
      values: fc.array(tie('value'), { minLength: 3, maxLength: 3 }),
    })
    .map(({ names, values }) => Object.fromEntries(names.map((name, index) => [name, values[index]]))),
}));

function namesOf(corpus: typeof CORPUS): string[] {
  return [...new Set(corpus.flatMap(([, type]) => readProperties(type).map(({ name }) => name)))];
}

/** A payload of one class: values that suit each property more often than not, and now and then a stranger. */
function payloadOf(type: DtoClass): fc.Arbitrary<Record<string, unknown>> {
  const suiting: Record<string, fc.Arbitrary<unknown>> = {
    ...{
      length: fc.constant('abc'),
      bounds: fc.constant('ab'),
      pattern: fc.constant('aA'),
      global: fc.constant('abb'),
    },
    ...{ uuid: fc.constant('1c9d6b44-0f0e-1a3c-9d55-6a0c1d2e3f40'), mail: fc.constantFrom('a@example.com', null) },
    ...{ uuid4: fc.constant('1c9d6b44-0f0e-4a3c-9d55-6a0c1d2e3f40'), date: fc.constantFrom('2026-11-22', null) },
    ...{ int: fc.constantFrom(0, 2), positive: fc.constantFrom(1, 0.1, 1e21), decimals: fc.constantFrom(1, 0.1, null) },
    ...{
      negative: fc.constant(-1),
      nan: numbers,
      flag: fc.boolean(),
      own: fc.boolean(),
      allowed: others,
      meta: payload,
    },
    ...{ word: fc.constantFrom('a', 1, null), side: fc.constantFrom('buy', 'sell'), level: fc.constantFrom(0, 1) },
    ...{
      anything: texts,
      constant: fc.constant('a'),
      texts: fc.array(texts, { minLength: 1, maxLength: 2 }),
      text: texts,
    },
    ...{
      numbers: fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 2 }),
      mails: fc.constant(['a@example.com']),
    },
    ...{ page: fc.constantFrom(1, 2), onFirst: texts, onSecond: fc.boolean() },
  };
  const fields = readProperties(type).map(({ name, nested, shape }): [string, fc.Arbitrary<unknown>] => {
    const any = payload.chain((found) => fc.constantFrom<unknown>(found, ...Object.values(found)));
    const leaf = fc.record({ int: fc.constantFrom(1, 2), text: texts }, { requiredKeys: ['int'] });
    const excluding = fc.record({ text: texts });
    const tree = fc.record({ int: leaf, texts: fc.array(leaf, { maxLength: 1 }) });
    const one = type === Excluding ? excluding : type === Tree && name === 'left' ? tree : leaf;
    const nestedValue = shape === 'array' ? fc.array(leaf, { maxLength: 3 }) : one;
    const suited = nested.length > 0 ? nestedValue : suiting[name];
    return [
      name,
      suited === undefined ? any : fc.oneof({ weight: 20, arbitrary: suited }, { weight: 1, arbitrary: any }),
    ];
  });
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: [] });
  const whole = fc.record(Object.fromEntries(fields.filter(([name]) => !isLeftOut(type, name))));
  return fc
    .oneof(
      { weight: 5, arbitrary: whole },
      { weight: 2, arbitrary: known },
      { weight: 1, arbitrary: fc.tuple(known, payload).map(([a, b]) => ({ ...a, ...b })) },
    )
    .map((sent) => (type === Transformed ? withExposedName(sent) : sent));
}

function withExposedName({ own, ...others }: Record<string, unknown>): Record<string, unknown> {
  return { ...others, flag: own };
}

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
const UNKNOWN = '#unknown';

type Judgement = { readonly instance: object; readonly failed: ReadonlySet<string> } | 'thrown';

/** Where class-transformer and class-validator themselves refuse a payload, and what they make of it. */
async function judgedByLibraries(type: DtoClass, sent: object): Promise<Judgement> {
  const found = new Set<string>();
  let instance: object;
  try {
    instance = plainToInstance(type, structuredClone(sent));
    collect(await validate(instance, STRICT), '', found);
  } catch {
    // @Type(() => Number) throws on an own `toString` that is no function, @IsEmail() on half a surrogate pair,
    // @IsNumber({ maxDecimalPlaces }) on 1e-7.
    return 'thrown';
  }
  collectStricter(type, instance, sent, '', found);
  // Our one omission: below a property that failed itself, nothing is looked at.
  const failed = [...found].filter(
    (path) => ![...found].some((other) => !other.endsWith(UNKNOWN) && path.startsWith(`${other}.`)),
  );
  // An object of unknown properties that should have been an array: said at the property.
  const isBelow = (path: string): boolean => path.endsWith(UNKNOWN) && found.has(path.slice(0, -UNKNOWN.length));
  const own = failed.filter((path) => !isBelow(path));
  // Nothing is looked up for a payload that is refused anyway (F31).
  const isLate = (path: string): boolean => path === 'page' && typeof (instance as Custom).page !== 'object';
  const sure = type === Custom ? own.filter((path) => !isLate(path)) : own;
  return { instance, failed: new Set(sure.length > 0 ? sure : own) };
}

function collect(errors: readonly ValidationError[], prefix: string, found: Set<string>): void {
  for (const { property, constraints, children } of errors) {
    const path = property === undefined ? prefix : prefix === '' ? property : `${prefix}.${property}`;
    const rules = Object.keys(constraints ?? {});
    if (rules.includes('whitelistValidation')) found.add(`${prefix}${UNKNOWN}`);
    else if (rules.length > 0) found.add(path);
    collect(children ?? [], path, found);
  }
}

/** What class-validator lets pass or class-transformer leaves out, and the documentation of `compileDto` says is refused. */
function collectStricter(type: DtoClass, instance: object, sent: object, prefix: string, found: Set<string>): void {
  if (Object.keys(sent).some((name) => isLeftOut(type, name))) found.add(`${prefix}${UNKNOWN}`);
  for (const property of readProperties(type)) {
    const value = (instance as Record<string, unknown>)[property.name];
    const applies = property.conditions.every(({ constraints = [] }) =>
      (constraints[0] as (dto: object, value: unknown) => boolean)(instance, value),
    );
    if (!applies || value === undefined) continue;
    const path = prefix === '' ? property.name : `${prefix}.${property.name}`;
    if (property.nested.length === 0) {
      if (value !== null && isMisshapen(type, property, value)) found.add(path);
      continue;
    }
    const below = (sent as Record<string, unknown>)[property.name];
    if (
      (Reflect.getMetadata('design:type', type.prototype as object, property.name) === Array) !==
      Array.isArray(value)
    )
      found.add(path);
    else if (!Array.isArray(value)) collectItem(value, below, path, found);
    else
      for (const [index, item] of value.entries())
        collectItem(item, (below as unknown[])[index], `${path}.${index}`, found);
  }
}

function collectItem(item: unknown, sent: unknown, path: string, found: Set<string>): void {
  if (Array.isArray(item)) found.add(path);
  else if (typeof item === 'object' && item !== null)
    collectStricter(item.constructor as DtoClass, item, sent as object, path, found);
}

function isMisshapen(
  type: DtoClass,
  { name, rules }: ReturnType<typeof readProperties>[number],
  value: unknown,
): boolean {
  const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, name);
  const isEach = rules.some(({ each }) => each === true);
  // TypeScript says nothing of a property that has only a default.
  if (rules.some((rule) => rule.name === 'isInt') && !Number.isSafeInteger(value)) return true;
  if (declared === Array || (declared === Object && isEach)) return !Array.isArray(value);
  return (declared === String || declared === Number || declared === Boolean) && typeof value === 'object';
}

describe('compileDto beside class-transformer and class-validator', () => {
  it.each(CORPUS)('knows how %s is made', (_, type, isAssigned) => {
    expect(DtoBuilder.compile(type) !== undefined).toBe(isAssigned);
  });

  it.each(CORPUS)(
    'MV-03 MV-07 judges payloads of %s as they do',
    async (_, type) => {
      const dto = compilePayload(type);
      const verdicts = { accepted: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(payloadOf(type), async (sent) => {
          const expected = await judgedByLibraries(type, sent);
          const outcome = await dto.check(sent);
          if (expected === 'thrown') {
            expect(outcome).toBeInstanceOf(PayloadRefusal);
            return;
          }
          if (!(outcome instanceof PayloadRefusal)) {
            verdicts.accepted++;
            expect([...expected.failed]).toEqual([]);
            expect(outcome).toBeInstanceOf(type);
            expect(outcome).toEqual(expected.instance);
            return;
          }
          verdicts.refused++;
          const failed = outcome.issues.map(({ path, rule }) =>
            rule === 'whitelistValidation' ? `${path.replace(/\.?\*$/, '')}${UNKNOWN}` : path,
          );
          expect([...expected.failed]).toEqual(expect.arrayContaining(failed));
          if (outcome.issues.length < MAX_ISSUES) expect(new Set(failed)).toEqual(expected.failed);
        }),
        { numRuns: 400, seed: 20261122 },
      );
      // The comparison means something only where both verdicts occur.
      expect(verdicts.accepted).toBeGreaterThan(20);
      expect(verdicts.refused).toBeGreaterThan(20);
    },
    30_000,
  );
});
