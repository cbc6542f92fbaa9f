import { refuseProduction } from './refuse-production.js';

// Loading it by mistake must not go unnoticed either.
refuseProduction();

export { connect, HandshakeRefusedError } from './connect.js';
export type { ConnectOptions, ConnectTarget, ListeningApplication } from './connect.js';
export { FakeClock } from './fake-clock.js';
export { findLeaks } from '@secure-ws/protocol/leaks';
export type { FindLeaksOptions, Leak, LeakRuleId } from '@secure-ws/protocol/leaks';
export { SecureWsTestingModule } from './secure-ws-testing.module.js';
export type { SecureWsTestingOptions } from './secure-ws-testing.module.js';
export { describeStoreContract } from './store-contract.js';
export type { StoreUnderTest } from './lease-contract.js';
export type { StoreContractRunner } from './store-contract.js';
export { testIdentity } from './test-identity.js';
export type { TestIdentity, TestIdentityInput } from './test-identity.js';
export type { TestLimits } from './test-options.js';
export { WsTestClient } from './ws-test-client.js';
export type { ReceivedClose, ReceivedMessage } from './ws-test-client.js';
