import { describe, expect, it } from 'vitest';
import { readFileDescriptorLimit } from './file-descriptor-limit.js';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 1048576              files
`;

describe('readFileDescriptorLimit', () => {
  it('DR-03 reads the soft limit', () => {
    expect(readFileDescriptorLimit(() => LIMITS)).toBe(1024);
  });

  it.each([
    ['is unlimited', () => LIMITS.replace('1024   ', 'unlimited')],
    ['is not there', () => 'nothing'],
    [
      'cannot be read',
      () => {
        throw new Error('ENOENT');
      },
    ],
  ])('is Infinity where the limit %s', (_, read) => {
    expect(readFileDescriptorLimit(read)).toBe(Infinity);
  });

  it('says something of this process', () => {
    expect(readFileDescriptorLimit()).toBeGreaterThan(0);
  });
});
