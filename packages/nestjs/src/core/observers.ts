import type { ObservedRun, WsObserver } from './observer.js';

/** Everybody who observes one application, as one observer; without what nobody asks for. */
export type CompiledObserver = Readonly<WsObserver>;

/**
 * Where observers are named, while the providers of an application are made. The boot asks once for all of them: the paths
 * of messages and handshakes are built for what they want to know, and without any of it where nobody observes.
 */
export class WsObservers {
  readonly #observers: WsObserver[] = [];
  #isCompiled = false;

  /** @throws Error after the boot: nothing would be told to it. */
  add(observer: WsObserver): void {
    if (this.#isCompiled) {
      throw new Error('An observer came after the boot: name it in the constructor of a provider.');
    }
    this.#observers.push(observer);
  }

  /**
   * What the application is built for.
   *
   * @param onFault gets what an observer throws. It must not throw.
   */
  compile(onFault: (error: unknown) => void): CompiledObserver {
    this.#isCompiled = true;
    const observers = this.#observers;
    const compiled: Record<string, unknown> = {};
    for (const name of ['onHandshake', 'onMessage', 'onSend', 'onPong', 'onStoreCall', 'onClosed'] as const) {
      const told = observers.filter((observer) => observer[name] !== undefined);
      if (told.length > 0) compiled[name] = tellAll(told, name, onFault);
    }
    for (const name of ['beginHandshake', 'beginMessage'] as const) {
      const begun = observers.filter((observer) => observer[name] !== undefined);
      if (begun.length > 0) compiled[name] = beginAll(begun, name, onFault);
    }
    return Object.freeze(compiled) as CompiledObserver;
  }
}

type Told = 'onHandshake' | 'onMessage' | 'onSend' | 'onPong' | 'onStoreCall' | 'onClosed';
type Begun = 'beginHandshake' | 'beginMessage';

function tellAll(observers: readonly WsObserver[], name: Told, onFault: (error: unknown) => void) {
  const tell = observers.map((observer) => {
    const told = (observer[name] as (what: unknown) => void).bind(observer);
    return (what: unknown): void => {
      try {
        told(what);
      } catch (error) {
        onFault(error);
      }
    };
  });
  const [first, ...others] = tell;
  // Most applications have one observer, and a message tells it twice.
  if (first !== undefined && others.length === 0) return first;
  return (what: unknown): void => {
    for (const one of tell) one(what);
  };
}

function beginAll(observers: readonly WsObserver[], name: Begun, onFault: (error: unknown) => void) {
  return (facts: unknown): ObservedRun<unknown> => {
    const runs: ObservedRun<unknown>[] = [];
    for (const observer of observers) {
      try {
        runs.push((observer[name] as (facts: unknown) => ObservedRun<unknown>)(facts));
      } catch (error) {
        onFault(error);
      }
    }
    return {
      run: (work) => runs.reduceRight((inner, run) => () => runInside(run, inner, onFault), work)(),
      end: (end) => {
        for (const run of runs) {
          try {
            run.end(end);
          } catch (error) {
            onFault(error);
          }
        }
      },
    };
  };
}

/** Whatever an observer does with the work, it is done once, and what it throws itself comes out. */
function runInside(run: ObservedRun<unknown>, work: () => void, onFault: (error: unknown) => void): void {
  let outcome: { readonly error?: unknown } | undefined;
  const once = (): void => {
    if (outcome !== undefined) return;
    outcome = {};
    try {
      work();
    } catch (error) {
      outcome = { error };
    }
  };
  try {
    run.run(once);
  } catch (error) {
    onFault(error);
  }
  once();
  const { error } = outcome ?? {};
  if (outcome !== undefined && 'error' in outcome) throw error;
}
