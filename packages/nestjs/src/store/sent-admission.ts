import type { Admission, Lease } from './secure-ws.store.js';
import { hashedKey } from './store-keys.js';

/** An admission as a shared store is asked for it: with hashes of its keys. */
export function sentAdmission({ rate, backoff, identity, lease }: Admission): Admission {
  return {
    ...(rate !== undefined && { rate: { ...rate, key: hashedKey(rate.key) } }),
    ...(backoff !== undefined && { backoff: sentBackoff(backoff) }),
    ...(identity !== undefined && { identity: sentIdentity(identity) }),
    ...(lease !== undefined && {
      lease: { ...lease, places: lease.places.map(({ key, limit }) => ({ key: hashedKey(key), limit })) },
    }),
  };
}

/** A copy: another node cannot ask for the allowance when it needs it. */
function sentBackoff({ key, rule, allowance, isReported = false }: Backoff): Backoff {
  return { key: hashedKey(key), rule, allowance, isReported };
}

type Backoff = NonNullable<Admission['backoff']>;
type Identity = NonNullable<Admission['identity']>;

const sentIdentity = ({ keys, issuedAt }: Identity): Identity => ({ keys: keys.map(hashedKey), issuedAt });

/** A lease with hashes of its keys. */
export const sentLease = ({ holder, keys }: Lease): Lease => ({ holder, keys: keys.map(hashedKey) });
