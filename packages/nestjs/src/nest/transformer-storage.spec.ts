import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { checkTransformerCopies } from './transformer-storage.js';

const copyIn = (folder: string): string => join(folder, 'node_modules', 'class-transformer', 'cjs', 'storage.js');

describe('checkTransformerCopies', () => {
  it.each([
    ['no copy', [], 0],
    ['one copy', [copyIn('/app'), '/app/main.js'], 0],
    ['two copies', [copyIn('/app'), copyIn('/app/node_modules/other')], 1],
  ])('MV-03 finds in %s what must not be', (_, loaded, count) => {
    const problems = new BootProblems();
    checkTransformerCopies(problems, loaded);
    expect(problems.problems).toHaveLength(count);
  });

  it('finds one copy in this process', () => {
    const problems = new BootProblems();
    checkTransformerCopies(problems);
    expect(problems.problems).toEqual([]);
  });
});
