import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readTestRecord } from './test-record.mjs';

const folder = mkdtempSync(join(tmpdir(), 'test-record-'));
afterAll(() => rmSync(folder, { recursive: true }));

const here = fileURLToPath(import.meta.url);

describe('the record of a test run', () => {
  it.each([
    ['passed', 'passed'],
    ['failed', 'failed'],
    ['pending', 'failed'],
    ['skipped', 'skipped'],
    ['todo', 'skipped'],
  ])('reads a test that vitest reports as %s', (status, state) => {
    const path = join(folder, `${status}.json`);
    const assertionResults = [{ title: 'HS-02 a', fullName: 'origin HS-02 a', status }];
    writeFileSync(path, JSON.stringify({ testResults: [{ name: here, endTime: 1000, assertionResults }] }));
    expect(readTestRecord(path)).toEqual({
      finishedAt: '1970-01-01T00:00:01.000Z',
      tests: [{ file: 'tools/test-record.spec.mjs', title: 'HS-02 a', fullTitle: 'origin HS-02 a', state }],
    });
  });

  it('is not there before a full run', () => {
    expect(() => readTestRecord(join(folder, 'none.json'))).toThrow('No full test run is on record');
  });
});
