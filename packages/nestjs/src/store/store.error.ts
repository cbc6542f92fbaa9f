/** Why a store has no answer. */
export type StoreFailure =
  /** It holds as many keys as it may, and none of them can be given up. */
  | 'full'
  /** It cannot be reached, or did not answer in time. */
  | 'unavailable'
  /** It was closed. */
  | 'closed';

/** Thrown by a {@link SecureWsStore} that has no answer. Whoever asked refuses: nothing is allowed by default. */
export class SecureWsStoreError extends Error {
  override readonly name = 'SecureWsStoreError';

  /** @param cause for the operator only; it may hold addresses or what a client sent. */
  constructor(
    readonly failure: StoreFailure,
    cause?: unknown,
  ) {
    super(MESSAGES[failure], cause === undefined ? undefined : { cause });
  }
}

const MESSAGES: Readonly<Record<StoreFailure, string>> = Object.freeze({
  full: 'The store is full. Raise store.maxKeys, or find out who makes so many keys.',
  unavailable: 'The store did not answer. Check that it runs and can be reached from this node.',
  closed: 'The store is closed: the application is shutting down.',
});
