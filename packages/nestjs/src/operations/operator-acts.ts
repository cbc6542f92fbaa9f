import { isSamePerson } from '../core/person.js';
import type { Principal } from '../core/principal.js';
import { WsApplicationError } from '../core/ws-application.error.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { OperatorAction } from '../events/catalogue/operator-events.js';
import type { SecurityEventOf } from '../events/security-event.js';
import type { WsRevocationService } from '../lifecycle/revocation/ws-revocation.service.js';
import type { WsConnectionLifecycleService } from '../lifecycle/ws-connection-lifecycle.service.js';
import { SecureWsStoreError } from '../store/secure-ws.store.js';
import type { BanList } from './ban-list.js';

/** Whom an action is about. */
export interface Target {
  readonly principal: Principal;
  /** Absent where the principal is meant, whatever its connections are. */
  readonly connection?: WsConnection;
}

/** What an operator means to do. */
export interface Intention {
  readonly action: OperatorAction;
  readonly reason: string;
  /** Absent where everybody is meant. */
  readonly target: Target | undefined;
  readonly banNumber: number | undefined;
  /** The end of a ban. */
  readonly until: Date | undefined;
}

/** What has become of it. */
export interface Performed {
  readonly outcome: SecurityEventOf<'ws.operator.acted'>['outcome'];
  /** How many connections of this node were closed, or are asked to leave. */
  readonly connections: number;
  /** What it failed with, where nobody could have known. */
  readonly fault?: unknown;
  /** What follows once it is audited. */
  readonly afterwards?: () => void;
}

/** Every connection of a person at this node, by whatever way they logged in: all of them end with a revocation. */
export function connectionsOf(
  principal: Principal,
  lifecycle: Pick<WsConnectionLifecycleService, 'find'>,
): readonly WsConnection[] {
  return lifecycle.find().filter((connection) => isSamePerson(connection.principal, principal));
}

/** What acts are done with. */
export interface ActParts {
  readonly lifecycle: Pick<WsConnectionLifecycleService, 'count' | 'find' | 'disconnect' | 'drain'>;
  readonly revocations: Pick<WsRevocationService, 'revokePrincipal' | 'ban' | 'unban'>;
  readonly bans: BanList;
}

/** Does what an operator means to do. Never rejects. */
export async function perform(intention: Intention, parts: ActParts): Promise<Performed> {
  try {
    const { action, target } = intention;
    if (action === 'drain') return drain(parts);
    if (target === undefined) throw new WsApplicationError('GONE');
    switch (action) {
      case 'disconnect':
        return disconnect(target, parts);
      case 'unban':
        return await unban(target, intention, parts);
      case 'revoke':
      case 'ban':
        return await keepOut(target, intention, parts);
    }
  } catch (fault) {
    return undone(fault, 0);
  }
}

function drain({ lifecycle }: ActParts): Performed {
  return {
    outcome: 'done',
    connections: lifecycle.count,
    // Not waited for: the connection of the operator leaves with the others, once it has its answer.
    afterwards: () => void lifecycle.drain(),
  };
}

function disconnect({ connection }: Target, { lifecycle }: ActParts): Performed {
  const connections = lifecycle.disconnect({ connectionId: connection?.id ?? '' }, 'GOING_AWAY');
  return { outcome: connections === 0 ? 'gone' : 'done', connections };
}

async function unban({ principal }: Target, { banNumber }: Intention, parts: ActParts): Promise<Performed> {
  await parts.revocations.unban(principal.key);
  if (banNumber !== undefined) parts.bans.remove(banNumber);
  return { outcome: 'done', connections: 0 };
}

/** Revokes or bans. This node closes what it has before the store is asked: that much is done, whatever the store answers. */
async function keepOut({ principal }: Target, { until, reason }: Intention, parts: ActParts): Promise<Performed> {
  const { lifecycle, revocations, bans } = parts;
  const open = connectionsOf(principal, lifecycle).filter(({ isOpen }) => isOpen);
  // On the list first: a ban that the store has not taken yet holds here, and can be ended.
  if (until !== undefined) bans.add(principal, until, reason);
  const kept = until === undefined ? revocations.revokePrincipal(principal.key) : revocations.ban(principal.key, until);
  const closedHere = open.filter(({ isOpen }) => !isOpen).length;
  try {
    return { outcome: 'done', connections: await kept };
  } catch (fault) {
    return undone(fault, closedHere);
  }
}

function undone(fault: unknown, connections: number): Performed {
  if (fault instanceof SecureWsStoreError) return { outcome: 'store-away', connections };
  return { outcome: 'failed', connections, fault };
}
