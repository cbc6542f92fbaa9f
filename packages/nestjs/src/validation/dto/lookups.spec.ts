import 'reflect-metadata';
import { IsOptional, IsString, Matches, MaxLength, registerDecorator } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { MAX_LOOKUPS, PayloadRefusal } from '../payload-run.js';

/** Rules that count how often they are asked. */
class Asked {
  count = 0;

  rule(answer: (value: unknown) => unknown, { each = false, async = false } = {}): PropertyDecorator {
    return (target, propertyName) => {
      registerDecorator({
        name: 'asked',
        target: target.constructor,
        propertyName: propertyName as string,
        options: { each },
        async,
        validator: {
          validate: (value: unknown) => {
            this.count++;
            return answer(value) as boolean;
          },
        },
      });
    };
  }
}

const exists = (value: unknown): Promise<boolean> => Promise.resolve(value !== 'missing');

describe('what one payload may make the server do', () => {
  it.each([true, false])(
    'MV-13 F31 looks nothing up for a payload that is refused anyway (declared async: %s)',
    async (async) => {
      const asked = new Asked();
      class Dto {
        @asked.rule(exists, { async }) user!: string;
        @IsString() text!: string;
      }
      const dto = compilePayload(Dto);
      // A rule that was not declared asynchronous shows it with its first answer.
      if (!async) await dto.check({ user: 'a', text: 'b' });
      asked.count = 0;
      expect(await dto.check({ user: 'a', text: 1 })).toEqual(new PayloadRefusal([{ path: 'text', rule: 'isString' }]));
      expect(asked.count).toBe(0);
      expect(await dto.check({ user: 'missing', text: 'b' })).toEqual(
        new PayloadRefusal([{ path: 'user', rule: 'asked' }]),
      );
      expect(await dto.check({ user: 'a', text: 'b' })).toBeInstanceOf(Dto);
      expect(asked.count).toBe(2);
    },
  );

  it.each([
    ['a property', false],
    ['items of a list payload', true],
  ])('MV-13 F31 caps the look-ups of one message, over %s', async (_, isList) => {
    const asked = new Asked();
    class Dto {
      @asked.rule(exists, { each: !isList, async: true }) users!: unknown;
    }
    const many = Array.from({ length: 990 }, () => 'a');
    const check = (users: readonly string[]): unknown =>
      isList
        ? compilePayload([Dto]).check(users.map((user) => ({ users: user })))
        : compilePayload(Dto).check({ users });
    const outcome = (await check(many)) as PayloadRefusal;
    expect(outcome).toBeInstanceOf(PayloadRefusal);
    expect(outcome.cause).toBeInstanceOf(RangeError);
    expect(asked.count).toBe(MAX_LOOKUPS);
    expect(await check(many.slice(0, MAX_LOOKUPS))).not.toBeInstanceOf(PayloadRefusal);
  });

  it('MV-13 F31 asks about the items of a list until one is refused', () => {
    const asked = new Asked();
    class Dto {
      @asked.rule((value) => value === 'a', { each: true }) zones!: string[];
    }
    const zones = ['a', ...Array.from({ length: 989 }, () => 'x')];
    expect(compilePayload(Dto).check({ zones })).toBeInstanceOf(PayloadRefusal);
    expect(asked.count).toBe(2);
  });

  it('MV-13 reads a text by a pattern only after its length was judged, however the two are written', () => {
    let steps = 0;
    const pattern = /^(a+)+$/;
    const test = pattern.test.bind(pattern);
    // Counted, and run on short texts only: a test must fail here, not hang.
    pattern.test = (text) => {
      steps += text.length;
      return text.length < 1000 && test(text);
    };
    class Dto {
      @Matches(pattern) @MaxLength(10) above!: string;
      @MaxLength(10) @Matches(pattern) below!: string;
    }
    const dto = compilePayload(Dto);
    steps = 0;
    const text = `${'a'.repeat(65_000)}!`;
    expect(dto.check({ above: text, below: text })).toEqual(
      new PayloadRefusal([
        { path: 'above', rule: 'maxLength' },
        { path: 'below', rule: 'maxLength' },
      ]),
    );
    expect(steps).toBe(0);
    expect(dto.check({ above: 'aaa', below: 'aaa' })).toBeInstanceOf(Dto);
  });

  it.each([/\s+$/, /\s+$/g])('MV-13 runs %s over no text of any length', (pattern) => {
    class Dto {
      @Matches(pattern) open!: string;
      @IsOptional() @Matches(pattern, { each: true }) each?: string[];
      @IsOptional() @Matches(pattern, { validateIf: () => true }) chosen?: string;
      @IsOptional() @Matches(pattern) @MaxLength(2000) bounded?: string;
    }
    const dto = compilePayload(Dto);
    const short = ' '.repeat(1000);
    const long = ' '.repeat(1001);
    expect(dto.check({ open: short, bounded: long })).toBeInstanceOf(Dto);
    expect((dto.check({ open: long, each: [short, long], chosen: long }) as PayloadRefusal).issues).toEqual(
      ['open', 'each', 'chosen'].map((path) => ({ path, rule: 'matches' })),
    );
  });
});
