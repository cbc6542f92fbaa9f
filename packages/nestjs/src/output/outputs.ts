import type { OutputDeclaration, OutputRecipient, OutputView, OutputWriter, WsSendOptions } from '../core/output.js';
import { giveUp } from '../core/give-up.js';
import type { FaultLog } from '../core/fault-log.js';
import type { SecurityEvents } from '../events/security-events.js';
import { compileOutput } from './compile-output.js';
import { CompiledOutput } from './compiled-output.js';
import type { ResolvedOutputOptions } from './output.options.js';
import { OutputRun } from './output-run.js';
import { NothingShape } from './output-shape.js';
import type { ReplyMetadata } from './ws-reply.decorator.js';

/** The outputs of one application: those of its handlers, compiled at boot, and those that it sends on its own. */
export class Outputs implements OutputWriter {
  readonly demandsDeclaration: boolean;
  /** What is sent on its own is declared where it is sent: each declaration is compiled once. */
  readonly #sent = { one: new WeakMap<object, CompiledOutput>(), list: new WeakMap<object, CompiledOutput>() };
  readonly #nothing: CompiledOutput;
  readonly #refusesUndeclared: boolean;

  constructor(
    options: ResolvedOutputOptions,
    private readonly events: SecurityEvents,
    private readonly faults: FaultLog,
  ) {
    this.demandsDeclaration = options.undeclaredReplies === 'fail';
    this.#refusesUndeclared = options.undeclaredFields === 'fail';
    this.#nothing = new CompiledOutput(undefined, new NothingShape(), false);
  }

  /**
   * The output of a handler.
   *
   * @returns `undefined` where all of what it returns may go out.
   * @throws TypeError for a declaration that the boot has refused.
   */
  ofReply(label: string, reply: ReplyMetadata | undefined): CompiledOutput | undefined {
    if (reply !== undefined) return this.#compile(label, reply.declaration);
    return this.demandsDeclaration ? this.#nothing : undefined;
  }

  prepare(
    where: string,
    event: string,
    data: unknown,
    options: WsSendOptions,
  ): (recipient: OutputRecipient) => OutputView | undefined {
    const views = new Map<string, OutputView | undefined>();
    let forAll: { readonly view: OutputView | undefined } | undefined;
    return ({ id, principal: { roles } }) => {
      if (forAll !== undefined) return forAll.view;
      const key = JSON.stringify(roles);
      if (views.has(key)) return views.get(key);
      const run = new OutputRun(roles, this.#refusesUndeclared);
      let view: OutputView | undefined;
      try {
        const output = this.#ofSent(where, options);
        view = { data: output === undefined ? data : output.run(data, run) };
      } catch (error) {
        giveUp(data);
        this.#report(where, event, id, error);
      }
      // What does not fit for one role may fit for the others.
      if (!run.hasAskedRoles) forAll = { view };
      else views.set(key, view);
      return view;
    };
  }

  #ofSent(where: string, options: WsSendOptions): CompiledOutput | undefined {
    // Ignored, a misspelt `as` would let everything out.
    const unknown = Object.keys(options).find((name) => name !== 'as');
    if (unknown !== undefined) throw new TypeError(`${where}: "${unknown}" is not an option. { as: TheDto } is.`);
    // `{ as: undefined }` is a class that a circular import has not made yet.
    if (!('as' in options)) return this.demandsDeclaration ? this.#nothing : undefined;
    const declared: unknown = options.as;
    const isList = Array.isArray(declared) && declared.length === 1;
    const key: unknown = isList ? declared[0] : declared;
    if ((typeof key !== 'object' && typeof key !== 'function') || key === null) return this.#compile(where, declared);
    const sent = this.#sent[isList ? 'list' : 'one'];
    let output = sent.get(key);
    if (output === undefined) sent.set(key, (output = this.#compile(where, declared)));
    return output;
  }

  #compile(where: string, declared: unknown): CompiledOutput {
    const problems: string[] = [];
    const shape = compileOutput(where, declared, (place, problem, fix) => problems.push(`${place} ${problem} ${fix}`));
    if (shape === undefined) throw new TypeError(problems.join('\n'));
    const refuses = this.#refusesUndeclared;
    return new CompiledOutput(declared as OutputDeclaration, shape, refuses, (view) => {
      this.faults.warn(where, ofWrapper(view));
    });
  }

  #report(where: string, event: string, connectionId: string, error: unknown): void {
    this.events.emit({ type: 'ws.application.failed', where, connectionId });
    const exception = new Error(`"${event}" was not sent.`, { cause: error });
    this.faults.write(where, connectionId, exception);
  }
}

function ofWrapper(view: string): string {
  return (
    `What is sent has none of the properties of ${view}, and holds an object or a list: clients get {}. Where an interceptor ` +
    `wraps it, declare a class of the wrapper with a property of ${view}, or unwrap it. It is said once.`
  );
}
