import { isPromiseLike } from '../../core/awaitable.js';
import type { CompiledDto } from './compiled-dto.js';
import { DtoRefusal, MAX_ISSUES } from './dto-refusal.js';

const NOT_A_LIST = Object.freeze(new DtoRefusal(Object.freeze([Object.freeze({ path: '', rule: 'isArray' })])));

/** A list whose elements all pass one check. Its length is bounded by `validation.maxNodes`. */
export class ListPayload implements CompiledDto {
  constructor(private readonly item: CompiledDto) {}

  check(sent: unknown): unknown {
    if (!Array.isArray(sent)) return NOT_A_LIST;
    const outcomes: unknown[] = [];
    const waiting: PromiseLike<unknown>[] = [];
    let issues = 0;
    try {
      for (const item of sent as readonly unknown[]) {
        const outcome = this.item.check(item);
        outcomes.push(outcome);
        if (isPromiseLike(outcome)) waiting.push(outcome);
        else if (outcome instanceof DtoRefusal) issues += outcome.issues.length;
        if (issues >= MAX_ISSUES) break;
      }
    } catch (error) {
      // Nobody will wait for these any more, and one unhandled rejection ends the process.
      for (const outcome of waiting) outcome.then(undefined, () => undefined);
      throw error;
    }
    return waiting.length === 0 ? collect(outcomes) : Promise.all(outcomes).then(collect);
  }
}

function collect(outcomes: unknown[]): unknown {
  if (!outcomes.some((outcome) => outcome instanceof DtoRefusal)) return outcomes;
  const issues = outcomes.flatMap((outcome, index) =>
    outcome instanceof DtoRefusal
      ? outcome.issues.map((issue) => ({
          ...issue,
          path: issue.path === '' ? String(index) : `${index}.${issue.path}`,
        }))
      : [],
  );
  return new DtoRefusal(issues.slice(0, MAX_ISSUES));
}
