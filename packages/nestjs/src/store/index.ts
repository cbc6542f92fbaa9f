// For authors of stores. `describeStoreContract` of `@secure-ws/nestjs/testing` is what a store must pass.
export { SecureWsStore, SecureWsStoreError } from './secure-ws.store.js';
export { ClusterKey } from './cluster-key.js';
export type { ClusterKeyMaterial, DerivedKey } from './cluster-key.js';
export type { ControlBatch, ControlLine } from './control-line.js';
export type {
  Admission,
  AdmissionAnswer,
  BackoffRule,
  Lease,
  LeaseOverflow,
  LeasePlace,
  LeaseState,
  Revocation,
  RevocationBatch,
  ScoreRule,
  StoreFailure,
  StoreForgery,
  StoreNews,
} from './secure-ws.store.js';
export type { Awaitable } from '../core/awaitable.js';
