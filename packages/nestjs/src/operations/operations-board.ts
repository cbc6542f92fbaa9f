import { Inject, Injectable } from '@nestjs/common';
import { Observable, share } from 'rxjs';
import type { Principal } from '../core/principal.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { type ConnectionPage, type Display, pageOf } from './connection-rows.js';
import { isLimit, LimitedClients, type LimitedClient } from './limited-clients.js';
import { isNotable, NotableEvents, type NotableEvent } from './notable-events.js';
import type { ListConnections } from './operations-messages.js';
import { OPERATIONS_HOST, type OperationsHost } from './operations-host.js';
import { OperatorActions } from './operator-actions.js';
import { BUCKET_MS, type RefusalFigures, RefusalHistory } from './refusal-history.js';

/** How often the counters are looked at while nobody watches, in milliseconds: six times a minute. */
const SAMPLE_MS = 10_000;

/** How many paths are told by themselves. */
const MAX_PATHS = 20;

/** How many of those who met a limit, and how many events, the page is told of. */
const MAX_LISTED = 50;

/** What the page is told again and again. */
export interface OperationsSnapshot {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly connections: number;
  readonly connectionsByPath: readonly { readonly path: string; readonly connections: number }[];
  readonly isReady: boolean;
  readonly isDraining: boolean;
  readonly isShedding: boolean;
  readonly areSinksHealthy: boolean;
  /** Whether `alerts` is set: without it there are never any. */
  readonly areAlertsOn: boolean;
  readonly refusals: RefusalFigures;
  /** When the minute began that runs: those of the chart begin with the process, and not with those of the day. */
  readonly minuteStartedAt: string;
  readonly limited: readonly LimitedClient[];
  readonly notable: readonly NotableEvent[];
  readonly bans: readonly {
    readonly number: number;
    readonly who: string;
    readonly until: string;
    readonly reason: string;
  }[];
}

/** Puts together what operators see. */
@Injectable()
export class OperationsBoard implements Display {
  readonly actions: OperatorActions;
  /** One figure for all who watch, made while somebody does. */
  readonly snapshots: Observable<OperationsSnapshot>;
  private readonly runtime: SecureWsRuntime;
  readonly #showsPlain: boolean;
  readonly #history: RefusalHistory;
  readonly #limited: LimitedClients;
  readonly #notable = new NotableEvents();
  #nextSampleAt = 0;
  /** A hash costs, and a search looks at everybody. */
  readonly #shown = new WeakMap<Principal, string>();

  constructor(@Inject(OPERATIONS_HOST) { runtime, options }: OperationsHost) {
    const { clock, events, lifecycle, revocations, timer } = runtime;
    this.runtime = runtime;
    this.#showsPlain = options.showsPlain;
    this.#history = new RefusalHistory(events.counts, clock.monotonic());
    this.#limited = new LimitedClients(events.show('address', '192.0.2.7') === '192.0.2.0');
    // A listener has a queue, which a flood of refusals overruns: it would lose what operators look for, and raise an alert.
    events.observe((data, present) => {
      if (isNotable(data.type)) this.#notable.note(present());
      else if (isLimit(data)) this.#limited.note(present(), clock.monotonic());
    });
    // The timer of the module, which ends with it, and never begins where the boot fails.
    timer.onTick((now) => {
      if (now >= this.#nextSampleAt) this.#sample();
    });
    const emit = events.emit.bind(events);
    this.actions = new OperatorActions({ lifecycle, revocations, clock, display: this, emit });
    this.snapshots = new Observable<OperationsSnapshot>((watcher) =>
      clock.every(options.refreshMs, () => {
        const snapshot = this.#snapshotOrFault();
        if (snapshot !== undefined) watcher.next(snapshot);
      }),
    ).pipe(share());
  }

  who(principal: Principal): string {
    if (this.#showsPlain) return principal.key;
    let shown = this.#shown.get(principal);
    if (shown === undefined)
      this.#shown.set(principal, (shown = this.runtime.events.show('identifier', principal.key)));
    return shown;
  }

  address(address: string): string {
    return this.runtime.events.show('address', address);
  }

  text(text: string): string {
    return this.runtime.events.show('text', text);
  }

  /** The figures of this moment. */
  snapshot(): OperationsSnapshot {
    const { clock, events, lifecycle } = this.runtime;
    this.#sample();
    const paths = [...lifecycle.countsByPath()].map(([path, connections]) => ({ path, connections }));
    return {
      time: new Date(clock.now()).toISOString(),
      connections: lifecycle.count,
      connectionsByPath: paths.sort((a, b) => b.connections - a.connections).slice(0, MAX_PATHS),
      isReady: this.runtime.admitsHandshakes,
      isDraining: lifecycle.isDraining,
      isShedding: this.runtime.isShedding,
      areSinksHealthy: events.isHealthy,
      areAlertsOn: this.runtime.options.alerts !== undefined,
      refusals: this.#history.figures(),
      minuteStartedAt: new Date(clock.now() - (clock.monotonic() % BUCKET_MS)).toISOString(),
      limited: this.#limited.list(clock.monotonic()).slice(0, MAX_LISTED),
      notable: this.#notable.list(),
      bans: this.actions.bans.list().map(({ number, principal, until, reason }) => ({
        ...{ number, reason, who: this.who(principal) },
        until: until.toISOString(),
      })),
    };
  }

  /** One page of the connections. @param operator who asks. */
  page(asked: ListConnections, operator: Principal): ConnectionPage {
    const { clock, lifecycle } = this.runtime;
    return pageOf(lifecycle.all(), asked, this, { operator, now: clock.now(), monotonic: clock.monotonic() });
  }

  /** In a timer nobody would catch what a figure throws. */
  #snapshotOrFault(): OperationsSnapshot | undefined {
    try {
      return this.snapshot();
    } catch (error) {
      this.runtime.faults.write('OperationsBoard.snapshot', '', error);
      return undefined;
    }
  }

  #sample(): void {
    const now = this.runtime.clock.monotonic();
    this.#nextSampleAt = now + SAMPLE_MS;
    this.#history.take(this.runtime.events.counts, now);
  }
}
