import type { SecretSources } from './read-secret.js';

/** Where the command writes, and reads its secrets. */
export interface CommandIo extends SecretSources {
  /** Its result, one call a line. */
  readonly out: (line: string) => void;
  /** What is said to whoever looks on: never part of the result. */
  readonly note: (line: string) => void;
  /** Waits until the user interrupts the command, or for so many milliseconds. */
  readonly untilStopped: (ms: number | undefined) => Promise<void>;
}
