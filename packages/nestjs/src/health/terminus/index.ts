// The health check over Terminus. Loading this needs the package @nestjs/terminus, an optional peer.
export { SecureWsHealthIndicator } from './secure-ws-health.indicator.js';
export type { ReadinessOptions } from './secure-ws-health.indicator.js';
