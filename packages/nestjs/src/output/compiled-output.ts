import { giveUp } from '../core/give-up.js';
import type { OutputDeclaration } from '../core/output.js';
import { OutputRun } from './output-run.js';
import type { OutputShape } from './output-shape.js';

/** A declared output that is ready to be written. */
export class CompiledOutput {
  #hasTold = false;

  constructor(
    /** What was declared, for whoever describes the handler; `undefined` where nothing may go out. */
    readonly declaration: OutputDeclaration | undefined,
    private readonly shape: OutputShape,
    readonly refusesUndeclared: boolean,
    /** Told of the first wrapper of which nothing was written, by the view that wrote nothing. */
    private readonly onWrapper?: (view: string) => void,
  ) {}

  /**
   * Writes a value as plain data.
   *
   * @param roles those of who gets it: a property with `@Expose({ groups })` is for who has one of them.
   * @throws {UnfitOutputError} for a value of another kind; whatever accessors and transformations of the application throw.
   */
  write(value: unknown, roles: readonly string[]): unknown {
    return this.run(value, new OutputRun(roles, this.refusesUndeclared));
  }

  /** As {@link write}, for who wants to know what it depended on. */
  run(value: unknown, run: OutputRun): unknown {
    try {
      const written = this.shape.write(value, run);
      if (run.wrapped !== undefined) this.#tell(run.wrapped);
      return written;
    } catch (error) {
      giveUp(value);
      throw error;
    }
  }

  #tell(view: string): void {
    // Once: an interceptor wraps every reply, and a line for each would be the log.
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.onWrapper?.(view);
  }
}
