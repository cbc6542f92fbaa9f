import { describe, expect, it } from 'vitest';
import { BootProblems } from './boot-problems.js';
import { OptionReader } from './option-reader.js';

function fixOf(path: string): string | undefined {
  const problems = new BootProblems();
  const reader = new OptionReader({ maxBytes: 'x' }, path, problems);
  reader.count('maxBytes', 7);
  return problems.problems[0]?.fix;
}

describe('OptionReader', () => {
  it.each([
    ['', 'maxBytes: 7'],
    ['validation', 'validation.maxBytes: 7'],
    ['Uploads.put @WsBinary', '@WsBinary({ maxBytes: 7 })'],
    ['Uploads @SecureGateway.limits', '@SecureGateway({ limits: { maxBytes: 7 } })'],
  ])('DP-02 says the line of a decorator as it stands in the code: %s', (path, fix) => {
    expect(fixOf(path)).toBe(fix);
  });
});
