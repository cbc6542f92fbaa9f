// Metrics for Prometheus: measures what SecureWsModule does.
export { SecureWsMetricsModule } from './secure-ws-metrics.module.js';
export { SecureWsMetrics } from './secure-ws-metrics.js';
export type { MetricsEndpointOptions } from './metrics-endpoint.options.js';
export type { MetricsAsyncOptions, MetricsOptions } from './metrics.options.js';
export type { MetricsRegistry } from './prometheus/prometheus-registration.js';
