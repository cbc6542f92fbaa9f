import { IsInt, registerDecorator } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compilePayload } from './compile-payload.js';
import { isValidatable } from './dto/dto-metadata.js';
import { PayloadRefusal } from './payload-run.js';
import type { StandardSchema } from '../core/standard-schema.js';
import { isPayloadDeclaration, type PayloadDeclaration } from './ws-payload.decorator.js';

class Item {
  @IsInt()
  count!: number;
}

class Bare {
  name?: string;
}

const schemaOf = (validate: (value: unknown) => unknown): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

const doubled = schemaOf((value) =>
  typeof value === 'number'
    ? { value: value * 2 }
    : { issues: [{ message: 'no number: secret', path: ['a', { key: 0 }] }] },
);

const check = (declared: PayloadDeclaration, sent: unknown): unknown => compilePayload(declared).check(sent);
const refusal = (path: string, rule: string): PayloadRefusal => new PayloadRefusal([{ path, rule }]);

describe('isPayloadDeclaration', () => {
  it.each([[Item], [[Item]], [String], [Number], [Boolean], [[String]], [doubled], [[doubled]]])(
    'MV-02 takes %o',
    (declared) => {
      expect(isPayloadDeclaration(declared)).toBe(true);
    },
  );

  const undeclarable: [unknown][] = [
    ...[Object, Array, Bare, [], [Item, Item], [[Item]], undefined, null, {}, 'Item', (): unknown => Item],
    ...[{ '~standard': null }, { '~standard': { version: 2, vendor: 'x', validate: (): unknown => ({}) } }],
  ].map((declared) => [declared]);

  it.each(undeclarable)('MV-02 refuses %o', (declared) => {
    expect(isPayloadDeclaration(declared)).toBe(false);
  });

  it('MV-02 knows which classes class-validator can judge', () => {
    expect([Item, Bare, Object, undefined, () => 1].map((type) => isValidatable(type))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('compilePayload', () => {
  it.each<[PayloadDeclaration, unknown]>([
    [String, ''],
    [Number, 0],
    [Boolean, false],
    [[String], []],
    [[Number], [1, 2]],
  ])('hands on what %o takes', (declared, sent) => {
    expect(check(declared, sent)).toEqual(sent);
  });

  it.each<[PayloadDeclaration, unknown, PayloadRefusal]>([
    [String, 5, refusal('', 'isString')],
    [String, undefined, refusal('', 'isString')],
    [String, null, refusal('', 'isString')],
    [String, ['a'], refusal('', 'isString')],
    [Number, '5', refusal('', 'isNumber')],
    [Number, Infinity, refusal('', 'isNumber')],
    [Number, NaN, refusal('', 'isNumber')],
    [Boolean, 0, refusal('', 'isBoolean')],
    [Boolean, 'false', refusal('', 'isBoolean')],
    [[String], 'a', refusal('', 'isArray')],
    [[String], ['a', 1], refusal('1', 'isString')],
  ])('MV-08 MV-09 %o refuses %j', (declared, sent, expected) => {
    expect(check(declared, sent)).toEqual(expected);
  });

  it('makes a list of instances', () => {
    const items = check([Item], [{ count: 1 }, { count: 2 }]) as Item[];
    expect(items).toEqual([{ count: 1 }, { count: 2 }]);
    expect(items.every((item) => item instanceof Item)).toBe(true);
  });

  it.each<[unknown, readonly string[]]>([
    [{ count: 1 }, [' isArray']],
    [{ 0: { count: 1 }, length: 1 }, [' isArray']],
    [null, [' isArray']],
    [[[]], ['0 isObject']],
    [[{ count: 1 }, [{ count: 1 }]], ['1 isObject']],
    [
      [{ count: 1 }, { count: 'x', isAdmin: true }],
      ['1.* whitelistValidation', '1.count isInt'],
    ],
  ])('MV-07 MV-08 refuses %j where a list is declared', (sent, expected) => {
    const { issues } = check([Item], sent) as PayloadRefusal;
    expect(issues.map(({ path, rule }) => `${path} ${rule}`)).toEqual(expected);
  });

  it('MV-16 lists at most five issues of a long list', () => {
    const { issues } = check(
      [Item],
      Array.from({ length: 1000 }, () => ({})),
    ) as PayloadRefusal;
    expect(issues.map(({ path }) => path)).toEqual(['0.count', '1.count', '2.count', '3.count', '4.count']);
  });

  describe('with a Standard Schema', () => {
    it('hands its output to the handler', () => {
      expect(check(doubled, 2)).toBe(4);
      expect(check([doubled], [1, 2])).toEqual([2, 4]);
    });

    it('waits for an asynchronous one', async () => {
      const schema = schemaOf((value) => Promise.resolve(doubled['~standard'].validate(value)));
      await expect(check(schema, 2)).resolves.toBe(4);
      await expect(check(schema, 'x')).resolves.toEqual(refusal('a.0', 'schema'));
      await expect(check([schema], [1, 'x'])).resolves.toEqual(refusal('1.a.0', 'schema'));
    });

    it('MV-16 keeps its messages, and what looks like input in a path, to itself', () => {
      expect(check(doubled, 'x')).toEqual(refusal('a.0', 'schema'));
      const echo = schemaOf(() => ({ issues: [{ message: '', path: ['meta', '<img src=x>', Symbol('s')] }] }));
      expect(check(echo, {})).toEqual(refusal('meta.*.*', 'schema'));
      expect(compilePayload(doubled, { detailedErrors: true }).check('x')).toEqual(
        new PayloadRefusal([{ path: 'a.0', rule: 'schema', message: 'no number: secret' }]),
      );
    });

    it.each<readonly [issue: object, rule: string]>([
      [{ code: 'too_small' }, 'too_small'],
      [{ type: 'min_length', kind: 'validation' }, 'min_length'],
      [{ code: '<img src=x>' }, 'schema'],
      [{ code: 'x'.repeat(65) }, 'schema'],
      [{ code: 5, type: null }, 'schema'],
    ])('F42 names the rule of an issue by its code, %j', (issue, rule) => {
      expect(
        check(
          schemaOf(() => ({ issues: [issue] })),
          1,
        ),
      ).toEqual(refusal('', rule));
    });

    it('MV-13 F31 caps the answers that one list waits for', () => {
      const schema = schemaOf((value) => Promise.resolve({ value }));
      expect(() =>
        check(
          [schema],
          Array.from({ length: 101 }, () => 1),
        ),
      ).toThrow(RangeError);
    });

    it.each([[{ issues: [] }], [{ issues: null, value: 1 }], [{}], [{ issues: [null] }], [{ issues: 'x', value: 1 }]])(
      'refuses where it answers %j',
      (result) => {
        expect(
          check(
            schemaOf(() => result),
            1,
          ),
        ).toEqual(refusal('', 'schema'));
      },
    );

    it.each([[undefined], [null], [true]])('throws where it answers %j, which is no result', (result) => {
      expect(() =>
        check(
          schemaOf(() => result),
          1,
        ),
      ).toThrow('Standard Schema');
    });
  });

  it('DR-14 leaves no rejection unhandled when a later item of a list throws', async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => {
      unhandled.push(reason);
    };
    const schema = schemaOf((value) => (value === 1 ? Promise.reject(new Error('late')) : undefined));
    process.on('unhandledRejection', listener);
    try {
      expect(() => check([schema], [1, 2])).toThrow('Standard Schema');
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', listener);
    }
    expect(unhandled).toEqual([]);
  });

  it('waits for asynchronous validators of the items', async () => {
    class Unique {
      name!: string;
    }
    registerDecorator({
      name: 'isFree',
      target: Unique,
      propertyName: 'name',
      validator: { validate: (value: unknown) => Promise.resolve(value !== 'taken') },
    });
    await expect(check([Unique], [{ name: 'a' }, { name: 'taken' }])).resolves.toEqual(refusal('1.name', 'isFree'));
    await expect(check([Unique], [{ name: 'a' }])).resolves.toEqual([{ name: 'a' }]);
  });
});
