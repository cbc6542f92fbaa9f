/** What `servers/raw-ws-and-work.ts` adds to each message, in microseconds of CPU. */
export const ADDED_WORK_MICROS = 20;
