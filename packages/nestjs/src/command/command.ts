import type { Awaitable } from '../core/awaitable.js';

/** Where a command writes. */
export interface CommandOutput {
  /** Its result, one call a line. */
  readonly out: (line: string) => void;
  /** What is said to whoever looks on: never part of the result. */
  readonly note: (line: string) => void;
}

/** A subcommand of `secure-ws`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` shows. */
  readonly help: string;
  /**
   * Runs it.
   *
   * @param args what stands behind its name.
   * @returns the exit status, where it says something; nothing is 0.
   * @throws TypeError of `parseArgs` and the like for arguments that it does not take; the text is shown with exit status 2.
   */
  run(args: readonly string[], output: CommandOutput): Awaitable<number | void>;
}
