// Policies over Cedar. A CedarEngine needs the package @cedar-policy/cedar-wasm, an optional peer.
export { CedarEngine } from './cedar-engine.js';
export type { CedarEngineOptions, CedarRequest } from './cedar-engine.js';
export { CedarPolicy } from './cedar.policy.js';
export type { CedarEntity, CedarUid, CedarValue } from './cedar-values.js';
export type { Awaitable } from '../../core/awaitable.js';
