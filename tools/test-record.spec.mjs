import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countTests, forgetTestRecord, readTestRecord, writeTestRecord } from './test-record.mjs';

const folder = mkdtempSync(join(tmpdir(), 'test-record-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** @returns {import('./test-record.mjs').TestRecord} */
const record = (/** @type {Array<import('./test-record.mjs').RecordedTest['state']>} */ ...states) => ({
  finishedAt: '2026-01-01T00:00:00.000Z',
  tests: states.map((state) => ({ file: 'a.spec.ts', title: 'a', fullTitle: 'a', state })),
  brokenFiles: [],
  unhandledErrors: 0,
});

describe('the record of a test run', () => {
  it('is read as it was written, and is gone once forgotten', () => {
    const path = join(folder, 'deeper', 'record.json');
    writeTestRecord(record('passed'), path);
    expect(readTestRecord(path)).toEqual(record('passed'));
    forgetTestRecord(path);
    expect(() => readTestRecord(path)).toThrow('No full test run is on record');
  });

  it('counts what failed outside a test as failed', () => {
    expect(countTests(record('passed', 'passed', 'failed', 'skipped'))).toEqual({ passed: 2, failed: 1 });
    expect(countTests({ ...record('passed'), brokenFiles: ['b.spec.ts'], unhandledErrors: 2 })).toEqual({
      passed: 1,
      failed: 3,
    });
  });
});
