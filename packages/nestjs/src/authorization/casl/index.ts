// Policies over CASL. Loading this needs the package @casl/ability, an optional peer.
export { CaslAbilities } from './casl-abilities.js';
export { CaslPolicy } from './casl.policy.js';
export { CaslRowsPolicy } from './casl-rows.policy.js';
export type { CaslRowFilter } from './casl-rows.policy.js';
export type { CaslSubjectType } from './action-rules.js';
export type { Awaitable } from '../../core/awaitable.js';
