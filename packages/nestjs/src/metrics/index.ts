// Metrics for Prometheus: measures what SecureWsModule does.
export { SecureWsMetricsModule } from './secure-ws-metrics.module.js';
export { SecureWsMetrics } from './secure-ws-metrics.js';
export type { MetricsAsyncOptions, MetricsEndpointOptions, MetricsOptions } from './metrics.options.js';
export type { MetricsRegistry } from './prometheus-registration.js';
