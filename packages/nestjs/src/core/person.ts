import { isIdentifier } from './identifier.js';
import type { Principal } from './principal.js';

/** The issuers of those who vouch for somebody and name no issuer: two such blocks may well have different people. */
export const OWN_ISSUERS = Object.freeze({
  session: 'session',
  apiKeys: 'api-keys',
  clientCertificate: 'client-certificate',
});

const UNNAMED: ReadonlySet<string> = new Set(Object.values(OWN_ISSUERS));

/** What says who somebody is. */
type Named = Pick<Principal, 'block' | 'issuer' | 'id' | 'tenant'>;

/** Where an issuer means something: everywhere, or under one `authentication` where it is only the module's word for it. */
function realmOf({ block, issuer }: Pick<Named, 'block' | 'issuer'>): string {
  return UNNAMED.has(issuer) ? block.slice(0, Math.max(0, block.lastIndexOf('.'))) : '';
}

/**
 * The key of a person: of one issuer, id and tenant, whichever block of the options vouches for them. Places and limits go by
 * the `key` of a principal, so that no block uses up those of another; who is to be kept out is kept out of every block.
 */
export function personOf(named: Named): string {
  const { issuer, id, tenant } = named;
  const parts = [realmOf(named), issuer, id];
  return JSON.stringify(tenant === undefined ? parts : [...parts, tenant]);
}

/** The person that the `key` of a principal is of; `undefined` for what is no such key. */
export function personOfKey(key: unknown): string | undefined {
  const parts = typeof key === 'string' ? partsOf(key) : undefined;
  if (parts === undefined) return undefined;
  const [block = '', issuer = '', id = '', tenant] = parts;
  return personOf({ block, issuer, id, ...(tenant !== undefined && { tenant }) });
}

/** Whether two principals are one person. */
export function isSamePerson(one: Named, other: Named): boolean {
  return (
    one.id === other.id && one.issuer === other.issuer && one.tenant === other.tenant && realmOf(one) === realmOf(other)
  );
}

function partsOf(key: string): readonly string[] | undefined {
  try {
    const parts: unknown = JSON.parse(key);
    if (!Array.isArray(parts) || (parts.length !== 3 && parts.length !== 4)) return undefined;
    const [block, ...named] = parts as readonly unknown[];
    return typeof block === 'string' && named.every(isIdentifier) ? (parts as readonly string[]) : undefined;
  } catch {
    return undefined;
  }
}
