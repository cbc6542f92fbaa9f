import type { StartedPart } from './core/started-parts.js';
import type { SecurityEventCounts } from './events/event-counters.js';
import type { SecurityEventChannel } from './events/delivery/event-channel.js';
import type { SecureWsRuntime } from './secure-ws.runtime.js';
import { ResilientStore } from './store/resilient.store.js';

/** What a node has open at the moment. */
export interface ConnectionFigures {
  /** Handshakes that are being decided, and clients that have still to say who they are. */
  readonly pending: number;
  readonly open: number;
  /** Of the open ones: not read at the moment, because too much of theirs waits. */
  readonly paused: number;
  /** Closed by this side, and not gone yet. */
  readonly closing: number;
  /** Bytes that wait for clients to read. */
  readonly bufferedBytes: number;
  /** Bytes of messages that wait for their turn. */
  readonly queuedBytes: number;
}

/** The figures of this node at this moment, for metrics, health and the operations page. Injectable. */
export class WsFigures {
  constructor(private readonly runtime: SecureWsRuntime) {}

  /** @internal Has something done as long as the application runs. Call it in the constructor of a provider. */
  whileStarted(part: StartedPart): void {
    this.runtime.startedParts.add(part);
  }

  /** Looks at every connection: for whoever asks every few seconds, and not for every message. */
  get connections(): ConnectionFigures {
    const figures = { pending: this.runtime.guard.counts.pending, open: 0, paused: 0, closing: 0 };
    let bufferedBytes = 0;
    let queuedBytes = 0;
    for (const connection of this.runtime.lifecycle.all()) {
      bufferedBytes += connection.socket.bufferedAmount;
      queuedBytes += connection.work?.queuedBytes ?? 0;
      if (!connection.isOpen) figures.closing++;
      else {
        figures.open++;
        if (connection.isPaused) figures.paused++;
      }
    }
    return { ...figures, bufferedBytes, queuedBytes };
  }

  /** Every event that has a handler. Empty before the boot. */
  get events(): readonly string[] {
    return this.runtime.plans.events;
  }

  /** How often each type of event was reported, by reason; exact. */
  get counts(): SecurityEventCounts {
    return this.runtime.events.counts;
  }

  /** How each sink and listener is doing. */
  get audit(): readonly SecurityEventChannel[] {
    return this.runtime.events.channels;
  }

  /** How many principals, addresses and tenants messages are counted for. */
  get limiterKeys(): number {
    return this.runtime.throttles.size;
  }

  /** For how many milliseconds the shared store has not answered; 0 while it does, `undefined` where there is none. */
  get storeAwayMs(): number | undefined {
    const { store } = this.runtime;
    return store instanceof ResilientStore ? store.awayMs : undefined;
  }

  /** Whether the process sheds load. */
  get isShedding(): boolean {
    return this.runtime.isShedding;
  }

  /** Whether handshakes are admitted. */
  get admitsHandshakes(): boolean {
    return this.runtime.admitsHandshakes;
  }
}
