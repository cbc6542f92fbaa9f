import { timingSafeEqual } from 'node:crypto';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import { OWN_ISSUERS } from '../../core/person.js';
import { PrincipalError, type PrincipalInput } from '../../core/principal.js';
import { AuthenticationError, WsAuthenticator, type WsCredential } from '../authenticator.js';
import { hashApiKey, readApiKeyId } from './api-key.js';
import type { ApiKeyRecord, WsApiKeyStore } from './ws-api-key-store.js';

export const API_KEYS_ISSUER = OWN_ISSUERS.apiKeys;

const HASH = /^[0-9a-f]{64}$/;

/** What the hash of a key that is not there is compared with: no key has it. */
const NO_HASH = Buffer.alloc(32);

/** What a JavaScript application may answer. */
type Answer = { readonly [Name in keyof ApiKeyRecord]?: unknown } | null | undefined;

/**
 * Verifies API keys, `Authorization: ApiKey <key>` or `Bearer <key>`. Not in the list of subprotocols: only a page needs that
 * place, and a key in a page is everybody's.
 *
 * Each well-formed key costs one look-up, one hash and one comparison in constant time, whether its id is unknown, its secret
 * wrong, or it was revoked or has expired (OWASP ASVS 5.0 6.3.8, 11.2.4; AN-07, AN-09). Only who has the secret gets to
 * those last two, so that what a failure weighs for its address tells nobody which ids there are.
 */
export class ApiKeyAuthenticator extends WsAuthenticator {
  override readonly kind = 'api-key';

  constructor(
    private readonly store: WsApiKeyStore,
    private readonly prefix: string,
  ) {
    super();
  }

  override accepts({ scheme, value, source }: WsCredential): boolean {
    if (source !== 'authorization') return false;
    return scheme === 'apikey' || (scheme === 'bearer' && value.startsWith(`${this.prefix}_`));
  }

  override authenticate({ value }: WsCredential): Awaitable<PrincipalInput> {
    const id = readApiKeyId(value, this.prefix);
    if (id === undefined) throw new AuthenticationError('malformed');
    return andThen(this.store.find(id) as Awaitable<Answer>, (answer) => {
      const record = typeof answer === 'object' && answer !== null ? answer : undefined;
      const isRight = timingSafeEqual(hashApiKey(value), record === undefined ? NO_HASH : hashOf(record));
      if (!isRight || record === undefined) throw new AuthenticationError('bad-secret');
      // Whatever stands there and is not plainly no: a date, a word, a number.
      if ((record.revoked ?? false) !== false) throw new AuthenticationError('revoked');
      // Field by field: nothing that a record happens to have makes a session of a key.
      const { owner, tenant, roles, scopes, issuedAt, expiresAt, claims } = record;
      const names = { issuer: API_KEYS_ISSUER, id: owner, keyId: id, tenant };
      const principal = { ...names, roles, scopes, issuedAt, expiresAt, claims };
      // AuthenticatorBlock checks every field of it.
      return principal as unknown as PrincipalInput;
    });
  }
}

function hashOf({ hash }: NonNullable<Answer>): Buffer {
  if (typeof hash === 'string' && HASH.test(hash)) return Buffer.from(hash, 'hex');
  throw new PrincipalError('A WsApiKeyStore must answer { hash, owner, ... }, the hash as 64 hexadecimal digits.');
}
