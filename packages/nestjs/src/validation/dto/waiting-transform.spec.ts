import 'reflect-metadata';
import { Transform } from 'class-transformer';
import { Allow, IsInt } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { crashesOf } from '../../../../../test/support/stub-pipeline.js';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';

describe('a transformation that waits', () => {
  it('DR-14 holds the rejection of an asynchronous transformation whose payload is refused', async () => {
    class Looked {
      @Allow()
      @Transform(() => Promise.reject(new Error('late')))
      a!: unknown;

      @IsInt()
      b!: number;
    }
    const crashes = await crashesOf(async () => {
      expect(compilePayload(Looked).check({ a: 1, b: 'x' })).toBeInstanceOf(PayloadRefusal);
      await Promise.resolve();
    });
    expect(crashes).toEqual([]);
  });
});
