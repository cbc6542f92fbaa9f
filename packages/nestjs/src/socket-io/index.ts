// The checks of messages as Nest enhancers, for gateways on another adapter (`adapter: false`).
export { WsAuthorizeGuard } from './ws-authorize.guard.js';
export { WsBackoffError } from './ws-backoff.error.js';
export { WsExceptionsFilter } from './ws-exceptions.filter.js';
export { WsSocketIdentities } from './ws-socket-identities.js';
export { WsReplyInterceptor } from './ws-reply.interceptor.js';
export { WsThrottlerInterceptor } from './ws-throttler.interceptor.js';
export { WsValidationPipe } from './ws-validation.pipe.js';
