import type { ValidationIssue } from '@secure-ws/protocol';
import { MAX_ISSUES, PayloadRefusal } from '../payload-check.js';

/** Where in a payload a nested check is: a chain that becomes text only when something fails there. */
export class IssuePath {
  constructor(
    readonly parent: IssuePath | undefined,
    readonly key: string | number,
  ) {}
}

/** One check of one payload: the issues so far, and the asynchronous rules that have not answered. */
export class DtoRun {
  #issues: ValidationIssue[] | undefined;
  #pending: Promise<void>[] | undefined;
  #cause: unknown;

  constructor(
    /** Whether issues carry the validators' own messages. */
    readonly hasMessages: boolean,
  ) {}

  /** Whether there are as many issues as a refusal lists: looking on would change nothing. */
  get isFull(): boolean {
    return this.#issues !== undefined && this.#issues.length >= MAX_ISSUES;
  }

  /** Whether asynchronous rules have not answered yet. */
  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /**
   * Records a failed rule.
   *
   * @param property the property below `path`; `undefined` for the value at `path` itself.
   */
  fail(path: IssuePath | undefined, property: string | number | undefined, rule: string, message?: string): void {
    const issues = (this.#issues ??= []);
    // Asynchronous rules may fail after the list was full.
    if (issues.length >= MAX_ISSUES) return;
    const at = textOf(path, property);
    issues.push(message === undefined ? { path: at, rule } : { path: at, rule, message });
  }

  /** Remembers what a rule threw; the rule itself counts as failed. */
  blame(cause: unknown): void {
    this.#cause ??= cause;
  }

  /** Waits for an asynchronous rule, which calls `onFailed` unless it answers with something truthy. */
  wait(answer: PromiseLike<unknown>, onFailed: () => void): void {
    const settled = Promise.resolve(answer).then((isValid) => {
      if (!Boolean(isValid)) onFailed();
    });
    (this.#pending ??= []).push(settled);
  }

  /** The outcome, once every rule has answered: `value`, or the refusal. */
  outcome(value: unknown): unknown {
    return this.#issues === undefined ? value : new PayloadRefusal(this.#issues, this.#cause);
  }

  /**
   * Waits for every asynchronous rule, then answers like {@link outcome}.
   *
   * @throws what a rule rejected with.
   */
  async settle(value: unknown): Promise<unknown> {
    await Promise.all(this.#pending ?? []);
    return this.outcome(value);
  }
}

function textOf(path: IssuePath | undefined, property: string | number | undefined): string {
  let text = property === undefined ? '' : String(property);
  for (let node = path; node !== undefined; node = node.parent)
    text = text === '' ? String(node.key) : `${node.key}.${text}`;
  return text;
}
