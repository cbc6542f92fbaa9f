import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../../../../test/support/crash-watch.js';
import { OutputRun } from './output-run.js';

describe('OutputRun', () => {
  it('DR-14 holds what each row of a long list leaves out, where the first ones have a promise', async () => {
    const crashes = watchForCrashes();
    const run = new OutputRun([], false);
    const names = Array.from({ length: 19 }, (_, index) => `field${index}`);
    for (let row = 0; row < 1000; row++) {
      const lazy = Promise.reject(new Error('no relation'));
      run.leaveOutOf({ ...Object.fromEntries(names.map((name) => [name, row])), lazy }, new Set(names));
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(crashes).toEqual([]);
  });
});
