import { describe, expect, it } from 'vitest';
import { canTakeDataPath } from './ws-data-path.js';

describe('canTakeDataPath', () => {
  it('DR-06 DR-07 holds for the ws that is installed', () => {
    expect(canTakeDataPath()).toBe(true);
  });
});
