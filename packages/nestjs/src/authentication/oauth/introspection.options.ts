import type { OptionReader } from '../../core/option-reader.js';

/** `introspection`: asks the authorization server about tokens that only it can read (RFC 7662). */
export interface IntrospectionOptions {
  /** Who this server is at the authorization server. */
  readonly clientId: string;
  /** The secret of that client. */
  readonly clientSecret: string | undefined;
  /** How the secret is sent (RFC 6749 section 2.3.1). @default 'client_secret_basic' */
  readonly method?: 'client_secret_basic' | 'client_secret_post';
  /**
   * How long an answer is used, in milliseconds, and never beyond the token's `exp`: a token that is revoked opens
   * connections for so long. `0` asks each time.
   *
   * @default 10000
   */
  readonly cacheMs?: number;
  /** How long the answer that a token is not active is used, in milliseconds. @default 5000 */
  readonly inactiveCacheMs?: number;
}

/** {@link IntrospectionOptions}, checked and filled in. */
export interface ResolvedIntrospectionOptions extends Required<IntrospectionOptions> {
  readonly clientSecret: string;
}

/**
 * Checks `introspection`. Problems go to the reader and never quote the secret.
 *
 * @returns `undefined` where something of it is missing.
 */
export function resolveIntrospectionOptions(reader: OptionReader): ResolvedIntrospectionOptions | undefined {
  const clientId = readRequired(reader, 'clientId', "'chat-server'");
  const clientSecret = readRequired(reader, 'clientSecret', 'process.env.OAUTH_CLIENT_SECRET');
  const method = reader.oneOf('method', ['client_secret_basic', 'client_secret_post'], 'client_secret_basic');
  const cacheMs = reader.ms('cacheMs', 10_000, { min: 0, max: 300_000 });
  const inactiveCacheMs = reader.ms('inactiveCacheMs', 5_000, { min: 0, max: 60_000 });
  reader.finish();
  if (clientId === undefined || clientSecret === undefined) return undefined;
  return Object.freeze({ clientId, clientSecret, method, cacheMs, inactiveCacheMs });
}

function readRequired(reader: OptionReader, name: string, example: string): string | undefined {
  if (!reader.has(name)) {
    reader.fail(
      name,
      'is missing: an authorization server answers only clients it knows.',
      `${reader.pathOf(name)}: ${example}`,
    );
  }
  return reader.string(name);
}
