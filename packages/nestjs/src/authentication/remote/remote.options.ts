import { isLoopbackAddress } from '../../core/address-key.js';
import type { OptionReader } from '../../core/option-reader.js';

/** `remote`: how documents of an identity provider are fetched and kept (OWASP ASVS 5.0 15.3.2, RFC 8725 section 3.10). */
export interface RemoteOptions {
  /** The longest wait for an answer, in milliseconds; below `handshake.timeoutMs`, or that one comes first. @default 3000 */
  readonly timeoutMs?: number;
  /** The largest answer, in bytes. @default 262144 */
  readonly maxBytes?: number;
  /**
   * How long a key set is used, in milliseconds: a key that is taken out of it is refused after this time at the latest.
   * It is fetched again, without anybody waiting, from half of it on.
   *
   * @default 600000 (10 minutes)
   */
  readonly cacheMs?: number;
  /**
   * How long after a fetch no unknown `kid` causes another one, in milliseconds: a flood of made-up ids costs the identity
   * provider nothing. A new key is taken after this time at the latest.
   *
   * @default 30000
   */
  readonly cooldownMs?: number;
}

/** {@link RemoteOptions}, checked and filled in. */
export type ResolvedRemoteOptions = Readonly<Required<RemoteOptions>>;

/** Checks `remote` and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveRemoteOptions(reader: OptionReader): ResolvedRemoteOptions {
  const resolved = Object.freeze({
    timeoutMs: reader.ms('timeoutMs', 3_000, { max: 30_000 }),
    maxBytes: reader.count('maxBytes', 262_144, { min: 1_024, max: 4_194_304 }),
    cacheMs: reader.ms('cacheMs', 600_000, { min: 1_000, max: 86_400_000 }),
    cooldownMs: reader.ms('cooldownMs', 30_000, { min: 1_000, max: 600_000 }),
  });
  reader.finish();
  return resolved;
}

/** Which addresses may be fetched. */
export interface RemoteUrlRules {
  /** As `URL.host` writes them; `undefined` for an address that stands in the options, and names its own host. */
  readonly hosts?: ReadonlySet<string>;
  readonly isProduction: boolean;
}

/**
 * Reads an address of an identity provider: `https`, or `http` on this machine outside production. An address that came
 * from the provider itself must also be of a listed host, or whoever can change one document names any server.
 *
 * @returns what is wrong with it, as the end of a sentence, when it may not be fetched.
 */
export function readRemoteUrl(text: unknown, { hosts, isProduction }: RemoteUrlRules): URL | string {
  if (typeof text !== 'string' || !URL.canParse(text)) return 'must be an https URL.';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'must have no user, password or fragment.';
  const isLocal = url.protocol === 'http:' && !isProduction && isLoopbackName(url.hostname);
  if (url.protocol !== 'https:' && !isLocal) return 'must be an https URL; http is for this machine, in development.';
  if (hosts !== undefined && !hosts.has(url.host)) return `names the host ${url.host}, which is not listed.`;
  return url;
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || isLoopbackAddress(hostname.replace(/^\[(.*)\]$/, '$1'));
}
