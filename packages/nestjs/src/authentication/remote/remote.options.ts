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
