import { describe, expect, it } from 'vitest';
import { buildMatrix, idsOfTitle, printMatrix, readPage } from './requirements-matrix.mjs';

/** @typedef {import('./requirements-matrix.mjs').PageRow} PageRow */
/** @typedef {import('./test-record.mjs').RecordedTest} RecordedTest */

const page = (/** @type {string[]} */ ...rows) =>
  ['# Title', '', '| id | requirement | severity | state |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');

/** @type {PageRow} */
const done = { id: 'HS-02', text: 'No look-alike.', severity: 'C', state: 'done' };
/** @type {PageRow} */
const open = { id: 'J14', text: 'Issuer.', severity: 'H', state: 'open' };

/** @returns {RecordedTest} */
const test = (/** @type {string} */ title, /** @type {RecordedTest['state']} */ state = 'passed') => ({
  file: 'test/a.e2e-spec.ts',
  title,
  fullTitle: `origin > ${title}`,
  state,
});

describe('idsOfTitle', () => {
  it.each([
    { title: 'HS-02 refuses a look-alike', ids: ['HS-02'] },
    { title: 'HS-02 J14 refuses both', ids: ['HS-02', 'J14'] },
    { title: 'HS-02, J14: refuses both', ids: ['HS-02', 'J14'] },
    { title: 'refuses what HS-02 names', ids: [] },
    { title: 'HS-02 refuses what J14 names', ids: ['HS-02'] },
    { title: 'HS-021 is no id', ids: [] },
    { title: 'HS-02-b is no id', ids: [] },
    { title: 'J1 is no id', ids: [] },
    { title: 'JSON is no id', ids: [] },
    { title: 'ES-256 is no id', ids: [] },
  ])('reads $ids from "$title"', ({ title, ids }) => {
    expect(idsOfTitle(title)).toEqual(ids);
  });
});

describe('readPage', () => {
  it('reads padded rows with their state', () => {
    const { rows, problems } = readPage(
      page('| HS-02 | No look-alike. | C        | done  |', '| J09 | Weak. | H | not-applicable: no shared secrets |'),
    );
    expect(problems).toEqual([]);
    expect(rows).toEqual([
      done,
      { id: 'J09', text: 'Weak.', severity: 'H', state: 'not-applicable', reason: 'no shared secrets' },
    ]);
  });

  it.each([
    { name: 'a state that is none', row: '| HS-02 | Text. | C | finished |', says: 'HS-02 cannot be read' },
    { name: 'a severity that is none', row: '| HS-02 | Text. | X | done |', says: 'HS-02 cannot be read' },
    { name: 'no text', row: '| HS-02 | | C | done |', says: 'HS-02 cannot be read' },
    { name: 'no reason', row: '| HS-02 | Text. | C | not-applicable |', says: 'HS-02 cannot be read' },
    { name: 'an empty reason', row: '| HS-02 | Text. | C | not-applicable: |', says: 'HS-02 cannot be read' },
    { name: 'a row that does not end', row: '| HS-02 | Text. | C | done', says: 'HS-02 cannot be read' },
    { name: 'an id that is none', row: '| HS2 | Text. | C | done |', says: 'which is no id' },
  ])('names a row with $name', ({ row, says }) => {
    const { rows, problems } = readPage(page(row));
    expect(rows).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(says)]);
  });

  it('names an id that is listed twice', () => {
    const { problems } = readPage(page('| HS-02 | A. | C | open |', '| HS-02 | B. | C | done |'));
    expect(problems).toEqual([expect.stringContaining('HS-02 twice')]);
  });

  it('does not take an empty page for a page without problems', () => {
    expect(readPage('# Title\n').problems).toHaveLength(1);
  });
});

describe('buildMatrix', () => {
  it('calls a requirement proven that is marked done and has a passing test', () => {
    expect(buildMatrix([done], [test('HS-02 refuses')])).toEqual({
      requirements: [
        { id: 'HS-02', severity: 'C', status: 'proven', tests: ['test/a.e2e-spec.ts: origin > HS-02 refuses'] },
      ],
      problems: [],
    });
  });

  it.each([
    { name: 'without a test', tests: [], says: 'no passing test begins its title with HS-02' },
    { name: 'with a skipped test', tests: [test('HS-02 a', 'skipped')], says: 'no passing test' },
    { name: 'with a test that only mentions it', tests: [test('proves HS-02')], says: 'no passing test' },
    { name: 'with a failed test', tests: [test('HS-02 a', 'failed')], says: 'a test that carries it failed' },
    {
      name: 'with a passed and a failed test',
      tests: [test('HS-02 a'), test('HS-02 b', 'failed')],
      says: 'a test that carries it failed',
    },
  ])('refuses a requirement marked done $name', ({ tests, says }) => {
    const { requirements, problems } = buildMatrix([done], tests);
    expect(requirements[0]?.status).toBe('open');
    expect(problems).toEqual([expect.stringContaining(says)]);
  });

  it('lists the tests of an open requirement and leaves it open', () => {
    const { requirements, problems } = buildMatrix([open], [test('J14 refuses')]);
    expect(requirements[0]).toMatchObject({ status: 'open', tests: [expect.stringContaining('J14 refuses')] });
    expect(problems).toEqual([]);
  });

  it.each(['passed', 'failed', 'skipped'])('names a %s test with an id that the page does not list', (state) => {
    const { problems } = buildMatrix([open], [test('ZZ-01 refuses', /** @type {RecordedTest['state']} */ (state))]);
    expect(problems).toEqual([expect.stringContaining('ZZ-01, which the page does not list')]);
  });

  it('keeps the reason of what does not apply', () => {
    const { requirements } = buildMatrix([{ ...open, state: 'not-applicable', reason: 'why' }], []);
    expect(requirements[0]).toMatchObject({ status: 'not-applicable', reason: 'why', tests: [] });
  });
});

describe('printMatrix', () => {
  it('prints a line for each requirement and the totals', () => {
    const rows = [done, open];
    const { requirements } = buildMatrix(rows, [test('HS-02 refuses')]);
    const lines = printMatrix(rows, requirements);
    expect(lines[0]).toMatch(/^HS-02\s+C\s+proven\s+No look-alike\. \(1 test\)$/);
    expect(lines.at(-1)).toBe('1 proven, 1 open, 0 not applicable.');
  });
});
