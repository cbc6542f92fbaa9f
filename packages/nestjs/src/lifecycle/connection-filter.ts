import type { ManagedConnection } from './managed-connection.js';

/** Which connections are meant; all of what is given must match. A field that is given as `undefined` matches nothing. */
export interface WsConnectionFilter {
  readonly connectionId?: string;
  /** The `key` of a principal. */
  readonly principal?: string;
  /** The `tenant` of a principal: the part of an identity that several principals share. */
  readonly tenant?: string;
  readonly sessionId?: string;
  readonly address?: string;
  /** The path of a gateway. */
  readonly path?: string;
  /** The certificate that this server showed, by its SHA-256 fingerprint as `X509Certificate.fingerprint256` writes it. */
  readonly serverCertificate?: string;
  /** What the application has noted with `connection.setLabel()`: each of these must have that value. */
  readonly labels?: Readonly<Record<string, string>>;
}

const FIELDS: Readonly<
  Record<Exclude<keyof WsConnectionFilter, 'labels'>, (connection: ManagedConnection) => string | undefined>
> = {
  connectionId: ({ id }) => id,
  principal: ({ principal }) => principal.key,
  tenant: ({ principal }) => principal.tenant,
  sessionId: ({ principal }) => principal.sessionId,
  address: ({ address }) => address,
  path: ({ path }) => path,
  serverCertificate: (connection) => connection.serverCertificate(),
};

/**
 * Whether a connection is meant. A field without a value, or of no name here, matches nothing:
 * `disconnect({ principal: user?.key })` is not everybody.
 */
export function matchesFilter(connection: ManagedConnection, filter: WsConnectionFilter): boolean {
  return Object.entries(filter).every(([name, wanted]: [string, unknown]) => {
    if (name === 'labels') return hasLabels(connection, wanted);
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof typeof FIELDS] : undefined;
    return wanted !== undefined && field?.(connection) === wanted;
  });
}

/** Labels that are not named at all are not everybody's either: `labels: {}` is what a filter is that somebody forgot to fill. */
function hasLabels(connection: ManagedConnection, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return false;
  const labels = Object.entries(wanted);
  return labels.length > 0 && labels.every(([name, value]) => value !== undefined && connection.label(name) === value);
}
