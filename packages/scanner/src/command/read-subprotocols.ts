import { looksLikeToken } from '../scope/subprotocol-credentials.js';
import { readSecret, type SecretSources } from './read-secret.js';

/** What a handshake offers, and which of it is a credential. */
export interface OfferedSubprotocols {
  /** In their order, the credential in its place. */
  readonly names: readonly string[];
  readonly credential: string | undefined;
}

/**
 * Reads `--subprotocol`: a name, or where a token is that browsers send among the names.
 *
 * @throws TypeError for what no handshake can offer, for two credentials, and for one that stands on the command line.
 */
export async function readSubprotocols(given: readonly string[], sources: SecretSources): Promise<OfferedSubprotocols> {
  const credentials: string[] = [];
  const names: string[] = [];
  for (const value of given) {
    const isSecret = /^(?:env|file):/.test(value);
    const name = isSecret ? await readSubprotocol('--subprotocol', value, sources) : checked('--subprotocol', value);
    if (isSecret) credentials.push(name);
    else if (looksLikeToken(name)) {
      throw new TypeError(
        '--subprotocol is given a token: write env:NAME or file:PATH. What stands on a command line, others can read.',
      );
    }
    names.push(name);
  }
  if (credentials.length > 1) throw new TypeError('--subprotocol takes env:NAME or file:PATH once: a handshake carries one token there.'); // prettier-ignore
  return { names, credential: credentials[0] };
}

/** A credential that is offered as a subprotocol. @throws TypeError */
export async function readSubprotocol(option: string, place: string, sources: SecretSources): Promise<string> {
  return checked(option, await readSecret(option, place, sources));
}

/** RFC 6455 section 4.1: a token of HTTP. */
function checked(option: string, name: string): string {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return name;
  throw new TypeError(`${option} is not a text without blanks, commas and other separators of HTTP.`);
}
