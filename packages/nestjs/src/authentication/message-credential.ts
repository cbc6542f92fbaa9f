import type { WsCredential } from './authenticator.js';

/** The longest of each that is looked at, in characters; authenticators have narrower limits of their own. */
const MAX_LENGTH = 16_384;

/**
 * Reads the credential of a message `$auth`: `{ token }`, `{ token, dpop }` or `{ ticket }`, and nothing else beside it: of
 * two, which one counts must not depend on their order (OWASP ASVS 5.0 15.3.7).
 *
 * @param url that of the handshake, which a DPoP proof must be for: there is no other request.
 */
export function messageCredential(data: unknown, url: string): WsCredential | undefined {
  if (typeof data !== 'object' || data === null || !Object.values(data).every(isText)) return undefined;
  const { token = '', ticket = '', dpop = '' } = data as Readonly<Record<string, string>>;
  const hasOnly = (...names: readonly string[]): boolean =>
    Object.keys(data).length === names.length && names.every((name) => Object.hasOwn(data, name));
  const source = 'message';
  if (hasOnly('token')) return { scheme: 'bearer', value: token, source };
  if (hasOnly('token', 'dpop')) return { scheme: 'dpop', value: token, proof: { jwt: dpop, url }, source };
  return hasOnly('ticket') ? { scheme: 'ticket', value: ticket, source } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}
