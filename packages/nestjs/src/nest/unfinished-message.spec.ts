import { describe, expect, it } from 'vitest';
import { canSeeUnfinished } from './unfinished-message.js';

describe('canSeeUnfinished', () => {
  it('DR-06 holds for the ws that is installed', () => {
    expect(canSeeUnfinished()).toBe(true);
  });
});
