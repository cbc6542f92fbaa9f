import { isSamePerson } from '../core/person.js';
import { ANONYMOUS_KIND, type Principal } from '../core/principal.js';
import type { ConnectionOrder, ListConnections } from './operations-messages.js';

/** A connection, as far as it is listed. */
export interface ListedConnection {
  readonly id: string;
  readonly principal: Principal;
  readonly path: string;
  readonly address: string;
  readonly origin: string | undefined;
  readonly openedAt: number;
  readonly lastMessageAt: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly socket: { readonly bytesSent: number };
}

/** One row of the page. */
export interface ConnectionRow {
  readonly connectionId: string;
  readonly who: string;
  readonly isAnonymous: boolean;
  /** Whether it is one of the operator who asks: whoever revokes or bans themselves cannot let themselves in again. */
  readonly isOwn: boolean;
  readonly path: string;
  readonly address: string;
  readonly origin?: string;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** One page of the connections. */
export interface ConnectionPage {
  /** How many there are that match. */
  readonly total: number;
  readonly offset: number;
  readonly rows: readonly ConnectionRow[];
}

/** How values of people are shown. */
export interface Display {
  who(principal: Principal): string;
  address(address: string): string;
  text(text: string): string;
}

/** Who looks, and when. */
export interface Look {
  readonly operator: Principal;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Monotonic milliseconds. */
  readonly monotonic: number;
}

/** One page of connections, in an order, of those that match. Only what is shown is made presentable. */
export function pageOf(
  connections: readonly ListedConnection[],
  { offset, limit, order, search = '' }: Required<Omit<ListConnections, 'search'>> & Pick<ListConnections, 'search'>,
  display: Display,
  { operator, now, monotonic }: Look,
): ConnectionPage {
  const found = connections.filter((connection) => matches(connection, search, display));
  // A page behind the end: connections have closed meanwhile.
  const from = Math.min(offset, Math.max(0, Math.ceil(found.length / limit) - 1) * limit);
  const rows = inOrder(found, order)
    .slice(from, from + limit)
    .map((connection): ConnectionRow => {
      const { principal, path, address, origin, messagesReceived, messagesSent, bytesReceived } = connection;
      return {
        connectionId: connection.id,
        who: display.who(principal),
        isAnonymous: principal.kind === ANONYMOUS_KIND,
        isOwn: isSamePerson(principal, operator),
        path,
        address: display.address(address),
        ...(origin !== undefined && { origin: display.text(origin) }),
        ageMs: Math.max(0, now - connection.openedAt),
        idleMs: Math.max(0, Math.round(monotonic - connection.lastMessageAt)),
        ...{ messagesReceived, messagesSent, bytesReceived },
        bytesSent: connection.socket.bytesSent,
      };
    });
  return { total: found.length, offset: from, rows };
}

/** What is found is what is shown: who may not see an id may not find out by a search that it is there. */
function matches({ id, principal, path, address }: ListedConnection, search: string, display: Display): boolean {
  if (search === '') return true;
  return (
    id === search ||
    path === search ||
    display.address(address).startsWith(search) ||
    display.who(principal).includes(search)
  );
}

function inOrder(connections: ListedConnection[], order: ConnectionOrder): ListedConnection[] {
  // They come in the order in which they opened.
  if (order === 'oldest') return connections;
  if (order === 'newest') return connections.reverse();
  return connections.sort((a, b) => traffic(b) - traffic(a));
}

const traffic = ({ bytesReceived, socket }: ListedConnection): number => bytesReceived + socket.bytesSent;
