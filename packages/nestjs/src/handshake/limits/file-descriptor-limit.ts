import { readFileSync } from 'node:fs';

const LINUX_LIMITS = '/proc/self/limits';
const SOFT_LIMIT = /^Max open files\s+(\d+)/m;

/**
 * How many file descriptors this process may open; `Infinity` where nobody says. Every connection takes one, and a process
 * without a free one can accept nothing and open no file.
 *
 * @param read gives the limits in the form of Linux.
 */
export function readFileDescriptorLimit(read: () => string = () => readFileSync(LINUX_LIMITS, 'utf8')): number {
  try {
    const found = SOFT_LIMIT.exec(read())?.[1];
    return found === undefined ? Infinity : Number(found);
  } catch {
    // Not Linux. Node raises its soft limit to the hard one at start, which elsewhere is far above the 10,000 of the default.
    return Infinity;
  }
}
