import 'reflect-metadata';
import {
  IsDefined,
  IsEmail,
  IsInt,
  IsOptional,
  IsString,
  registerDecorator,
  useContainer,
  Validate,
  ValidateIf,
  type ValidationArguments,
  ValidatorConstraint,
} from 'class-validator';
import { afterEach, describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';
import type { DtoClass } from './dto-metadata.js';

/** The rules that failed, as `path rule`. */
const failures = (type: DtoClass, sent: unknown): string[] => {
  const outcome = compilePayload(type).check(sent);
  return outcome instanceof PayloadRefusal ? outcome.issues.map(({ path, rule }) => `${path} ${rule}`) : [];
};

describe('validators of the application', () => {
  /** Rejections that nobody handles would end a server's process. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  function Custom(
    validate: (value: unknown, args: ValidationArguments) => boolean | Promise<boolean>,
  ): PropertyDecorator {
    return (target, propertyName) => {
      registerDecorator({
        name: 'custom',
        target: target.constructor,
        propertyName: propertyName as string,
        options: {},
        validator: { validate },
      });
    };
  }

  afterEach(() => {
    useContainer({ get: () => undefined }, { fallback: true });
  });

  it('hands them the whole instance', () => {
    class Range {
      @IsInt()
      from!: number;

      @Custom((value, { object }) => Number(value) > (object as Range).from)
      to!: number;
    }
    expect(failures(Range, { from: 1, to: 2 })).toEqual([]);
    expect(failures(Range, { to: 2, from: 3 })).toEqual(['to custom']);
  });

  it('takes no decorator for a built-in one only because of its name and message', () => {
    const Strict: PropertyDecorator = (target, propertyName) => {
      registerDecorator({
        name: 'isString',
        target: target.constructor,
        propertyName: propertyName as string,
        validator: {
          validate: (value: unknown) => typeof value === 'string' && value.trim() !== '',
          defaultMessage: () => '$property must be a string',
        },
      });
    };
    class Dto {
      @Strict
      value!: string;
    }
    expect(failures(Dto, { value: 'a' })).toEqual([]);
    expect(failures(Dto, { value: '   ' })).toEqual(['value isString']);
  });

  it('does not ask them about a value that has the wrong type already', () => {
    let asked = 0;
    class Dto {
      @Custom(() => ++asked > 0)
      @IsString()
      value!: string;
    }
    expect(failures(Dto, { value: 5 })).toEqual(['value isString']);
    expect(asked).toBe(0);
  });

  it('finds their dependencies when the first payload comes, not at boot', () => {
    @ValidatorConstraint({ name: 'known' })
    class Known {
      constructor(private readonly words: readonly string[]) {}

      validate(value: unknown): boolean {
        return this.words.includes(value as string);
      }
    }
    class Dto {
      @Validate(Known)
      value!: string;
    }
    const dto = compilePayload(Dto);
    useContainer({ get: (type) => (type === Known ? new Known(['yes']) : undefined) as never }, { fallback: true });
    expect(dto.check({ value: 'yes' })).toBeInstanceOf(Dto);
    expect(dto.check({ value: 'no' })).toEqual(new PayloadRefusal([{ path: 'value', rule: 'known' }]));
  });

  it('waits for asynchronous ones', async () => {
    class Dto {
      @Custom((value) => Promise.resolve(value === 'free'))
      name!: string;
    }
    const dto = compilePayload(Dto);
    await expect(dto.check({ name: 'free' })).resolves.toBeInstanceOf(Dto);
    await expect(dto.check({ name: 'taken' })).resolves.toEqual(new PayloadRefusal([{ path: 'name', rule: 'custom' }]));
  });

  it('refuses where an asynchronous one answers with nothing', async () => {
    class Dto {
      @Custom(() => Promise.resolve(undefined as unknown as boolean))
      name!: string;
    }
    await expect(compilePayload(Dto).check({ name: 'a' })).resolves.toBeInstanceOf(PayloadRefusal);
  });

  it.each<[string, (error: Error) => PropertyDecorator, string]>([
    [
      'a validator',
      (error) =>
        Custom(() => {
          throw error;
        }),
      'custom',
    ],
    [
      'a condition',
      (error) =>
        ValidateIf(() => {
          throw error;
        }),
      'conditionalValidation',
    ],
  ])('takes the throw of %s for a refusal, and keeps it for the log', (_, throwing, rule) => {
    const error = new TypeError('value.trim is not a function');
    class Dto {
      name!: string;
    }
    throwing(error)(Dto.prototype, 'name');
    const outcome = compilePayload(Dto).check({}) as PayloadRefusal;
    expect(outcome.issues).toEqual([{ path: 'name', rule }]);
    expect(outcome.cause).toBe(error);
  });

  it('MV-16 lists at most five issues of asynchronous ones, too', async () => {
    class Dto {}
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) Custom(() => Promise.resolve(false))(Dto.prototype, name);
    const outcome = (await compilePayload(Dto).check({})) as PayloadRefusal;
    expect(outcome.issues).toHaveLength(5);
  });

  it('MV-14 takes the throw of a validator of class-validator for a refusal', () => {
    class Dto {
      @IsEmail()
      mail!: string;
    }
    expect(failures(Dto, { mail: '\ud800' })).toEqual(['mail isEmail']);
  });

  it('rejects with what an asynchronous one rejects with', async () => {
    class Dto {
      @Custom(() => Promise.reject(new Error('store away')))
      name!: string;
    }
    await expect(compilePayload(Dto).check({ name: 'a' })).rejects.toThrow('store away');
  });

  it.each<[string, DtoClass]>([
    [
      'two properties',
      (() => {
        class Dto {
          @Custom(() => Promise.reject(new Error('late')))
          a!: string;

          @Custom(() => {
            throw new Error('at once');
          })
          b!: string;
        }
        return Dto;
      })(),
    ],
    [
      'the items of one list',
      (() => {
        const validate = (value: unknown): Promise<boolean> => {
          if (value === 'throw') throw new Error('at once');
          return Promise.reject(new Error('late'));
        };
        const Each: PropertyDecorator = (target, propertyName) => {
          registerDecorator({
            name: 'each',
            target: target.constructor,
            propertyName: propertyName as string,
            options: { each: true },
            validator: { validate },
          });
        };
        class Dto {
          @Each
          a!: string[];

          @IsOptional()
          b?: string;
        }
        return Dto;
      })(),
    ],
  ])('DR-14 leaves no rejection unhandled when one of several throws: %s', async (_, type) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', listener);
    try {
      // Whether it rejects or refuses is the same to its caller, which takes both.
      await Promise.allSettled([compilePayload(type).check({ a: ['x', 'throw'], b: 'x' })]);
      await settled();
    } finally {
      process.off('unhandledRejection', listener);
    }
    expect(unhandled).toEqual([]);
  });

  it('refuses a missing property that must be defined', () => {
    class Dto {
      @IsDefined()
      @Custom(() => true)
      value!: unknown;
    }
    expect(failures(Dto, {})).toEqual(['value isDefined']);
    expect(failures(Dto, { value: null })).toEqual(['value isDefined']);
  });
});
