import { addressKey } from '../core/address-key.js';
import type { SecurityEvent, SecurityEventData } from '../events/security-event.js';

/** How many clients are remembered. */
export const MAX_LIMITED = 200;

/** How long one is remembered after the last time, in milliseconds. */
export const FORGOTTEN_AFTER_MS = 10 * 60_000;

/** Somebody who met a limit lately. */
export interface LimitedClient {
  readonly kind: 'principal' | 'address';
  /** As it stands in events; an IPv6 address by its /64, as limits count it: its owner has 2^64 of them. */
  readonly who: string;
  /** The last check that refused, such as `principal-throttle`. */
  readonly reason: string;
  /** Whether handshakes have to wait: it is penalised, and not only slowed down. */
  readonly isPenalised: boolean;
  /** How often, of what was told to this page. */
  readonly times: number;
  /** ISO 8601, UTC. */
  readonly lastSeen: string;
}

interface Remembered extends LimitedClient {
  readonly at: number;
}

/**
 * The checks that limit, and what they are counted by. Not among them is what counts the messages of a tenant: whoever sent the last
 * one is nobody to blame.
 */
const LIMITED_BY: ReadonlyMap<string, 'principal' | 'address'> = new Map([
  ['address-rate', 'address'],
  ['address-backoff', 'address'],
  ['address-pending', 'address'],
  ['address-connections', 'address'],
  ['address-throttle', 'address'],
  ['principal-rate', 'principal'],
  ['principal-backoff', 'principal'],
  ['principal-connections', 'principal'],
  ['principal-throttle', 'principal'],
  ['connection-throttle', 'principal'],
  ['event-throttle', 'principal'],
]);

const PENALTIES: ReadonlySet<string> = new Set(['address-backoff', 'principal-backoff', 'violations']);

/** Whether an event says that somebody met a limit. */
export function isLimit(event: SecurityEventData): boolean {
  if (event.type === 'ws.violations.exceeded') return true;
  return isRefusal(event) && LIMITED_BY.has(event.reason);
}

/** Remembers who was throttled or penalised lately: a bounded number of them, those that were seen last. */
export class LimitedClients {
  readonly #clients = new Map<string, Remembered>();

  /** @param areNetworks whether events have networks in place of addresses: `events.addresses: 'truncated'`. */
  constructor(private readonly areNetworks = false) {}

  /** Takes note of an event. @param now monotonic milliseconds. */
  note(event: SecurityEvent, now: number): void {
    const limited = limitOf(event, this.areNetworks);
    if (limited === undefined) return;
    const { kind, who, reason } = limited;
    const key = `${kind}:${who}`;
    const times = (this.#clients.get(key)?.times ?? 0) + 1;
    // Deleted first: the map stays in the order of the last time.
    this.#clients.delete(key);
    const isPenalised = PENALTIES.has(reason);
    this.#clients.set(key, { kind, who, reason, isPenalised, times, lastSeen: event.time, at: now });
    if (this.#clients.size > MAX_LIMITED) this.#forgetFirst();
  }

  /** Who was limited lately, the last one first. */
  list(now: number): LimitedClient[] {
    for (const [key, { at }] of this.#clients) {
      if (at > now - FORGOTTEN_AFTER_MS) break;
      this.#clients.delete(key);
    }
    return [...this.#clients.values()].reverse().map(({ at: _, ...client }) => client);
  }

  #forgetFirst(): void {
    for (const key of this.#clients.keys()) {
      this.#clients.delete(key);
      return;
    }
  }
}

type Limit = Pick<LimitedClient, 'kind' | 'who' | 'reason'>;

function limitOf(event: SecurityEvent, areNetworks: boolean): Limit | undefined {
  const limitedBy = (kind: LimitedClient['kind'] | undefined, reason: string): Limit | undefined => {
    const { address, principal } = event as { address: string; principal?: string };
    const who = kind === 'principal' ? principal : areNetworks ? networkName(address) : addressName(address);
    return kind === undefined || who === undefined ? undefined : { kind, who, reason };
  };
  if (event.type === 'ws.violations.exceeded') return limitedBy(event.chargedTo, 'violations');
  return isRefusal(event) ? limitedBy(LIMITED_BY.get(event.reason), event.reason) : undefined;
}

function addressName(address: string): string {
  return addressKey(address).slice('address:'.length);
}

/** A network that an event has in place of an address: see `truncatedAddress()`. Of it a /64 would be somebody else's. */
function networkName(network: string): string {
  if (network === '') return 'unknown';
  return `${network}${network.includes(':') ? '/48' : '/24'}`;
}

function isRefusal<E extends SecurityEvent | SecurityEventData>(
  event: E,
): event is Extract<E, { readonly type: 'ws.handshake.refused' | 'ws.message.refused' }> {
  return event.type === 'ws.handshake.refused' || event.type === 'ws.message.refused';
}
