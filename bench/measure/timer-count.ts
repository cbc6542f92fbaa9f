import { createHook } from 'node:async_hooks';

/** Whether this process counts its timers. It costs time and memory at each promise: nothing else is measured with it. */
export const COUNTS_TIMERS = 'BENCH_COUNT_TIMERS';

const active = new Set<number>();

// From the very first module on: what is started before this has no number. `process.getActiveResourcesInfo()` would not do,
// since it leaves out the timers that keep no process alive, which is all of those that a library should have.
if (process.env[COUNTS_TIMERS] === '1') {
  createHook({
    init(id, type) {
      if (type === 'Timeout') active.add(id);
    },
    destroy(id) {
      active.delete(id);
    },
  }).enable();
}

/** How many timers of this process are running, those of Node's own modules included; 0 where it does not count. */
export function timerCount(): number {
  return active.size;
}
