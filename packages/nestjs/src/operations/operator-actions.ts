import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { isSamePerson } from '../core/person.js';
import { ANONYMOUS_KIND } from '../core/principal.js';
import { WsApplicationError } from '../core/ws-application.error.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { OperatorAction } from '../events/catalogue/operator-events.js';
import type { SecurityEventData } from '../events/security-event.js';
import type { WsConnectionLifecycleService } from '../lifecycle/ws-connection-lifecycle.service.js';
import type { WsRevocationService } from '../lifecycle/revocation/ws-revocation.service.js';
import { BanList } from './ban-list.js';
import type { Display } from './connection-rows.js';
import type { PrepareAction } from './operations-messages.js';
import { connectionsOf, type Intention, perform, type Target } from './operator-acts.js';

/** How long an operator may think about what will happen, in milliseconds. */
export const CONFIRM_WITHIN_MS = 60_000;

type Acted = Extract<SecurityEventData, { readonly type: 'ws.operator.acted' }>;

/** What an operator meant to do, word for word: what is confirmed is this, whatever has changed on the page meanwhile. */
interface Prepared extends Intention {
  readonly confirmation: string;
  /** Monotonic milliseconds. */
  readonly expiresAt: number;
}

/** What would happen, for the second look. */
export interface PreparedAction {
  readonly confirmation: string;
  readonly action: OperatorAction;
  readonly reason: string;
  readonly expiresInMs: number;
  /** How many connections of this node would be closed. */
  readonly connections: number;
  readonly who?: string;
  readonly address?: string;
  readonly path?: string;
  /** The end of a ban: ISO 8601, UTC. */
  readonly until?: string;
}

/** What has happened. */
export interface ActionOutcome {
  readonly outcome: Acted['outcome'];
  /** How many connections of this node were closed, or are asked to leave. */
  readonly connections: number;
}

/** What {@link OperatorActions} works with. */
export interface OperatorActionsParts {
  readonly lifecycle: WsConnectionLifecycleService;
  readonly revocations: WsRevocationService;
  readonly clock: Clock;
  readonly display: Display;
  readonly emit: (event: Acted) => void;
}

/**
 * What operators do, in two steps: the first says what would happen, the second does exactly that, once, within a minute, on
 * the connection that prepared it. Every act is audited, one that fails too.
 */
export class OperatorActions {
  readonly bans: BanList;
  /** One for each operator's connection, and it goes with the connection. */
  readonly #prepared = new WeakMap<WsConnection, Prepared>();

  constructor(private readonly parts: OperatorActionsParts) {
    this.bans = new BanList(parts.clock);
  }

  /**
   * Says what would happen.
   *
   * @throws WsApplicationError where there is nobody to do it to, or it must not be done to whoever asks.
   */
  prepare({ action, reason, connectionId, banNumber, minutes }: PrepareAction, by: WsConnection): PreparedAction {
    const { clock, display } = this.parts;
    // First of all: what is refused here must not leave an older intention to be confirmed.
    this.#prepared.delete(by);
    const target = action === 'drain' ? undefined : this.#targetOf(action, connectionId, banNumber, by);
    if ((action === 'ban') !== (minutes !== undefined)) throw new WsApplicationError('INCOMPLETE');
    const until = minutes === undefined ? undefined : new Date(clock.now() + minutes * 60_000);
    const confirmation = randomBytes(16).toString('base64url');
    const expiresAt = clock.monotonic() + CONFIRM_WITHIN_MS;
    this.#prepared.set(by, { confirmation, action, reason, target, banNumber, until, expiresAt });
    return {
      ...{ confirmation, action, reason, expiresInMs: CONFIRM_WITHIN_MS },
      connections: this.#countOf(action, target),
      ...(target !== undefined && { who: display.who(target.principal) }),
      ...(target?.connection !== undefined && {
        address: display.address(target.connection.address),
        path: target.connection.path,
      }),
      ...(until !== undefined && { until: until.toISOString() }),
    };
  }

  /**
   * Does what was prepared on this connection.
   *
   * @throws WsApplicationError where nothing was, or it was too long ago.
   */
  async confirm(confirmation: string, by: WsConnection): Promise<ActionOutcome> {
    const prepared = this.#prepared.get(by);
    if (prepared === undefined || prepared.confirmation !== confirmation) throw new WsApplicationError('NOT_PREPARED');
    this.#prepared.delete(by);
    if (this.parts.clock.monotonic() >= prepared.expiresAt) throw new WsApplicationError('TOO_LATE');
    const { outcome, connections, fault, afterwards } = await perform(prepared, { ...this.parts, bans: this.bans });
    this.#audit(prepared, { outcome, connections }, by);
    afterwards?.();
    if (outcome === 'failed') throw fault;
    return { outcome, connections };
  }

  #audit({ action, reason, target, until }: Prepared, done: ActionOutcome, by: WsConnection): void {
    this.parts.emit({
      ...{ type: 'ws.operator.acted', action, ...done, reason },
      operator: by.principal.key,
      operatorConnectionId: by.id,
      ...(target !== undefined && { principal: target.principal.key }),
      ...(target?.connection !== undefined && { connectionId: target.connection.id }),
      ...(until !== undefined && { until: until.toISOString() }),
    });
  }

  #targetOf(
    action: Exclude<OperatorAction, 'drain'>,
    connectionId: string | undefined,
    banNumber: number | undefined,
    by: WsConnection,
  ): Target {
    if (action === 'unban') {
      const ban = banNumber === undefined ? undefined : this.bans.find(banNumber);
      if (ban === undefined) throw new WsApplicationError('GONE');
      return { principal: ban.principal };
    }
    const connection = connectionId === undefined ? undefined : this.parts.lifecycle.find({ connectionId }).at(0);
    if (connection === undefined || !connection.isOpen) throw new WsApplicationError('GONE');
    if (action !== 'disconnect') {
      // Whoever locks themselves out cannot let themselves in again.
      if (isSamePerson(connection.principal, by.principal)) throw new WsApplicationError('YOURSELF');
      // It has an identity for this connection only, and comes back as somebody else.
      if (connection.principal.kind === ANONYMOUS_KIND) throw new WsApplicationError('ANONYMOUS');
    }
    return { principal: connection.principal, connection };
  }

  /** How many connections would be closed. */
  #countOf(action: OperatorAction, target: Target | undefined): number {
    const { lifecycle } = this.parts;
    if (action === 'drain') return lifecycle.count;
    if (action === 'unban' || target === undefined) return 0;
    return action === 'disconnect' ? 1 : connectionsOf(target.principal, lifecycle).length;
  }
}
