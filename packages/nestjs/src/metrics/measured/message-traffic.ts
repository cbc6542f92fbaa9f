import type { ObservedMessage, ObservedSend, WsObserver } from '../../core/observer.js';

/** How many messages there were, and how many bytes they had. */
export interface Traffic {
  messages: number;
  bytes: number;
}

/** What is counted of the messages of one event. */
interface EventTraffic {
  readonly received: Readonly<Record<ObservedMessage['result'], Traffic>>;
  readonly sent: Readonly<Record<ObservedSend['result'], Traffic>>;
}

/**
 * Counts messages and their bytes by event. It knows of no library: what exposes it reads it when it is asked, so that a
 * message costs additions and nothing else.
 */
export class MessageTraffic implements WsObserver {
  readonly #events = new Map<string, EventTraffic>();

  /** @param labelOf gives the name that an event is counted under: one of a closed list. */
  constructor(private readonly labelOf: (event: string | undefined) => string) {}

  /** By the name that they are counted under. */
  get events(): ReadonlyMap<string, EventTraffic> {
    return this.#events;
  }

  /** Begins to count events at 0. */
  prepare(labels: readonly string[]): void {
    for (const label of labels) this.#at(label);
  }

  onMessage({ event, result, bytes }: ObservedMessage): void {
    count(this.#at(this.labelOf(event)).received[result], bytes);
  }

  onSend({ event, result, bytes }: ObservedSend): void {
    count(this.#at(this.labelOf(event)).sent[result], bytes);
  }

  #at(label: string): EventTraffic {
    let traffic = this.#events.get(label);
    if (traffic === undefined) this.#events.set(label, (traffic = noTraffic()));
    return traffic;
  }
}

function count(traffic: Traffic, bytes: number): void {
  traffic.messages++;
  traffic.bytes += bytes;
}

function noTraffic(): EventTraffic {
  const none = (): Traffic => ({ messages: 0, bytes: 0 });
  return {
    received: { handled: none(), refused: none(), dropped: none() },
    sent: { sent: none(), dropped: none() },
  };
}
