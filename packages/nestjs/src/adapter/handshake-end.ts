import type { HandshakeAdmission } from '../handshake/handshake-context.js';
import type { HandshakeEnd } from '../handshake/handshake-observation.js';
import type { HandshakeRefusal } from '../handshake/handshake-refusal.js';

/** The client was gone before it had an answer. */
export const ABANDONED: HandshakeEnd = Object.freeze({
  result: 'abandoned',
  reason: undefined,
  status: 0,
  path: undefined,
  connectionId: undefined,
});

/** What observers are told of a handshake that was admitted. */
export function admittedAs({ path, connectionId }: HandshakeAdmission): HandshakeEnd {
  return { result: 'admitted', reason: undefined, status: 101, path, connectionId };
}

/** What observers are told of a handshake that was refused. A path that nobody serves is the client's own word. */
export function refusedFor({ reason, status, facts }: HandshakeRefusal): HandshakeEnd {
  const path = reason === 'unknown-path' || facts?.path === '' ? undefined : facts?.path;
  const isGone = reason === 'client-gone';
  return { result: isGone ? 'abandoned' : 'refused', reason, status, path, connectionId: undefined };
}
