import { describe, expect, it } from 'vitest';
import { extractExamples, pointIntoPage } from './doc-examples.mjs';

const page = (/** @type {string[]} */ ...lines) => lines.join('\n');

describe('extractExamples', () => {
  it('takes blocks of the language ts and no other', () => {
    const files = extractExamples(
      page(
        '# T',
        '<!-- file: a.ts -->',
        '',
        '```ts',
        'const a = 1;',
        '```',
        '```sh',
        'npm ci',
        '```',
        '```tsx',
        'no',
        '```',
        '```',
        'no',
        '```',
      ),
    );
    expect(files).toEqual([{ name: 'a.ts', code: 'const a = 1;\n', lines: [5] }]);
  });

  it('joins the blocks of one file in the order of the page', () => {
    const files = extractExamples(
      page(
        '```ts',
        '// file: a.ts',
        'one',
        '```',
        'text',
        '```ts',
        '// file: b.ts',
        '```',
        '```ts',
        '// file: a.ts',
        'two',
        '```',
      ),
    );
    expect(files.map(({ name }) => name)).toEqual(['a.ts', 'b.ts']);
    expect(files[0]).toEqual({
      name: 'a.ts',
      code: '// file: a.ts\none\n// file: a.ts\ntwo\n',
      lines: [2, 3, 10, 11],
    });
  });

  it('does not end a block at shorter ticks inside it', () => {
    expect(extractExamples(page('<!-- file: a.ts -->', '````ts', '```', 'a', '````'))[0]?.code).toBe('```\na\n');
  });

  it('reads indented blocks and both line ends', () => {
    expect(extractExamples('1. Text\r\n\r\n   ```ts\r\n   // file: a.ts\r\n   ```\r\n')[0]?.code).toBe(
      '// file: a.ts\n',
    );
  });

  it.each([
    ['no name', ['```ts', 'a', '```']],
    ['a name that leaves the folder', ['```ts', '// file: ../../a.ts', '```']],
    ['the name of the block before', ['<!-- file: a.ts -->', '```ts', '```', '```ts', '```']],
  ])('refuses a block with %s', (_, lines) => {
    expect(() => extractExamples(page(...lines))).toThrow('has no name');
  });

  it('refuses a block that is never closed', () => {
    expect(() => extractExamples(page('text', '```ts', 'a'))).toThrow('begins in line 2 is never closed');
  });
});

describe('pointIntoPage', () => {
  const origins = new Map([['README/a.ts', { page: 'README.md', lines: [2, 3, 10] }]]);

  it.each([
    { output: 'README/a.ts(3,7): error TS1: no', says: 'README.md:10: error TS1: no' },
    { output: 'README/a.ts(99,1): error TS1: no', says: 'README.md:10: error TS1: no' },
    { output: 'other.ts(3,7): error TS1: no', says: 'other.ts(3,7): error TS1: no' },
    { output: 'error TS2: no', says: 'error TS2: no' },
  ])('turns "$output" into "$says"', ({ output, says }) => {
    expect(pointIntoPage(output, origins)).toBe(says);
  });
});
