// The operations page. It is served by whoever imports the module, and by nobody else.
export { SecureWsOperationsModule } from './secure-ws-operations.module.js';
export type { OperationsOptions } from './operations.options.js';
export type { WsHttpPrincipal } from '../authentication/ticket/ticket.controller.js';
export type { WsClaimsRequirement } from '../authorization/requirement.js';
export type { OriginRule } from '../handshake/origin-rules.js';
