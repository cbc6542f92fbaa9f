import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsOptional, registerDecorator, ValidateIf, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';
import type { DtoClass } from './dto-metadata.js';

const fail = (): never => {
  throw new Error('thrown by user code');
};
const hostile = new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail });

/** What a piece of the application's code may do in place of answering. */
const ANSWERS: Readonly<Record<string, () => unknown>> = {
  true: () => true,
  throw: fail,
  'throw undefined': () => {
    throw undefined;
  },
  reject: () => Promise.reject(new Error('rejected by user code')),
  'thenable that throws': () => ({ then: fail }),
  'thenable that cannot be read': () => Object.defineProperty({}, 'then', { get: fail }),
  'thenable that rejects': () => ({
    then: (_: unknown, reject: (error: Error) => void) => reject(new Error('rejected by a thenable')),
  }),
  proxy: () => hostile,
};

/** What is not a validator answers at once: nobody awaits it, here or in class-validator. */
const atOnce = (answer: string): (() => unknown) => (answer.includes('reject') ? fail : (ANSWERS[answer] ?? fail));

function Answers(answer: string, each: boolean): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'answers',
      target: target.constructor,
      propertyName: propertyName as string,
      options: { each },
      validator: { validate: () => ANSWERS[answer]?.() as boolean, defaultMessage: fail },
    });
  };
}

const PIECES = ['rule', 'each', 'getter', 'setter', 'toJSON', 'condition', 'constructor', 'nested', 'proxy'] as const;

interface Piece {
  readonly kind: (typeof PIECES)[number];
  readonly answer: string;
}

/** A class with a property for each piece of user code. */
function classOf(pieces: readonly Piece[]): DtoClass {
  class Dto {
    readonly kind = undefined;

    constructor() {
      if (pieces.some(({ kind }) => kind === 'constructor')) ANSWERS['throw']?.();
      if (pieces.some(({ kind }) => kind === 'proxy')) return new Proxy(this, { set: fail, ownKeys: fail });
    }
  }
  for (const [index, { kind, answer }] of pieces.entries()) {
    const name = `p${index}`;
    if (kind === 'getter' || kind === 'setter') {
      Object.defineProperty(Dto.prototype, name, {
        configurable: true,
        get: kind === 'getter' ? atOnce(answer) : () => 'x',
        set: kind === 'setter' ? atOnce(answer) : () => undefined,
      });
    }
    if (kind === 'toJSON') Object.defineProperty(Dto.prototype, 'toJSON', { configurable: true, get: fail });
    if (kind === 'condition') ValidateIf(() => atOnce(answer)() as boolean)(Dto.prototype, name);
    if (kind === 'nested') {
      class Inner {}
      Answers(answer, false)(Inner.prototype, 'inner');
      Type(() => Inner)(Dto.prototype, name);
      ValidateNested()(Dto.prototype, name);
    } else Answers(kind === 'rule' || kind === 'each' ? answer : 'true', kind === 'each')(Dto.prototype, name);
    IsOptional()(Dto.prototype, name);
  }
  IsOptional()(Dto.prototype, 'kind');
  return Dto;
}

const pieces = fc.array(
  fc.record({ kind: fc.constantFrom(...PIECES), answer: fc.constantFrom(...Object.keys(ANSWERS)) }),
  { minLength: 1, maxLength: 4 },
);

describe('user code of a DTO that throws', () => {
  it('DR-14 F18 is contained beside rejecting validators: nothing is unhandled, nothing escapes a refusal', async () => {
    const unhandled: unknown[] = [];
    const record = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', record);
    const verdicts = { refused: 0, rejected: 0 };
    try {
      await fc.assert(
        fc.asyncProperty(pieces, fc.boolean(), fc.boolean(), async (found, isList, detailedErrors) => {
          const type = classOf(found);
          const payload = Object.fromEntries(
            found.map(({ kind }, index) => [
              `p${index}`,
              kind === 'nested' ? { inner: 1 } : kind === 'each' ? ['a', 'b'] : 'a',
            ]),
          );
          let outcome: unknown;
          try {
            // What is thrown at once never leaves the check; only an asynchronous validator may reject.
            outcome = compilePayload(isList ? [type] : type, { detailedErrors }).check(
              isList ? [payload, payload] : payload,
            );
          } catch (error) {
            throw new Error(`escaped: ${String(error)}`, { cause: error });
          }
          if (!(outcome instanceof Promise)) {
            if (outcome instanceof PayloadRefusal) verdicts.refused++;
            return;
          }
          const [settled] = await Promise.allSettled([outcome as Promise<unknown>]);
          if (settled.status === 'rejected') verdicts.rejected++;
        }),
        { numRuns: 500, seed: 20261126 },
      );
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', record);
    }
    expect(unhandled).toEqual([]);
    expect(verdicts.refused).toBeGreaterThan(100);
    expect(verdicts.rejected).toBeGreaterThan(20);
  });

  it('DR-14 F18 a getter that throws after an asynchronous validator has begun refuses, with the cause for the log', async () => {
    class Dto {
      get total(): number {
        return fail();
      }
    }
    Answers('reject', false)(Dto.prototype, 'name');
    Answers('true', false)(Dto.prototype, 'total');
    const outcome = compilePayload(Dto).check({ name: 'a' });
    const [settled] = await Promise.allSettled([outcome]);
    expect(settled).toMatchObject({ status: expect.any(String) as string });
    const inList = await Promise.allSettled([compilePayload([Dto]).check([{ name: 'a' }, { name: 'b' }])]);
    expect(inList).toHaveLength(1);
  });

  it('F39 keeps what a validator of a list item threw for the operator', () => {
    class Item {}
    Answers('throw', false)(Item.prototype, 'name');
    const outcome = compilePayload([Item]).check([{ name: 'a' }]) as PayloadRefusal;
    expect(outcome.issues).toEqual([{ path: '0.name', rule: 'answers' }]);
    expect(outcome.cause).toEqual(new Error('thrown by user code'));
  });
});
