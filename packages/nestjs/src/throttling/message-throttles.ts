import { addressKey } from '../core/address-key.js';
import type { Principal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { SecureWsStore } from '../store/secure-ws.store.js';
import { principalKey, tenantKey } from '../store/store-keys.js';
import { SubjectThrottles } from './subject-throttles.js';
import type { ThrottleSubject } from './throttle-rule.js';
import type { ResolvedThrottlingOptions } from './throttling.options.js';

/** How much that only reports may be waited for at a time. */
const MAX_IN_BACKGROUND = 1000;

/** What several connections count together by. */
export type SharedSubject = Exclude<ThrottleSubject, 'connection'>;

/** The throttles of everybody on this node, by what they are counted by. */
export class MessageThrottles {
  readonly #subjects: Readonly<Record<SharedSubject, SubjectThrottles>>;

  #inBackground = 0;

  constructor(
    { principal, address, tenant }: Pick<ResolvedThrottlingOptions, SharedSubject>,
    store: SecureWsStore,
    /** Whether the process is overloaded: anonymous clients may then send half as much. */
    readonly isShedding: () => boolean = () => false,
  ) {
    this.#subjects = {
      principal: new SubjectThrottles(principal, store),
      address: new SubjectThrottles(address, store),
      tenant: new SubjectThrottles(tenant, store),
    };
  }

  /** How many subjects are counted. */
  get size(): number {
    return Object.values(this.#subjects).reduce((sum, { size }) => sum + size, 0);
  }

  by(subject: SharedSubject): SubjectThrottles {
    return this.#subjects[subject];
  }

  /**
   * Runs what no message waits for. However long it takes, and however many messages come, it does not pile up.
   *
   * @param work must not reject.
   * @returns `false` where too much runs already.
   */
  inBackground(work: () => Promise<void>): boolean {
    if (this.#inBackground >= MAX_IN_BACKGROUND) return false;
    this.#inBackground++;
    void work().finally(() => this.#inBackground--);
    return true;
  }

  /** Called by the coarse timer. */
  sweep(now: number): void {
    for (const subjects of Object.values(this.#subjects)) subjects.sweep(now);
  }
}

/** What a connection counts as. Who has no tenant is one of its own: strangers who share nothing share no limit either. */
export function subjectKey(subject: ThrottleSubject, principal: Principal, connection: WsConnection): string {
  switch (subject) {
    case 'principal':
      return principalKey(principal);
    case 'connection':
      return `connection:${connection.id}`;
    case 'address':
      return addressKey(connection.address);
    case 'tenant':
      return tenantKey(principal) ?? principalKey(principal);
  }
}
