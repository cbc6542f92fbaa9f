// Metrics and traces for OpenTelemetry, through its API alone.
export { SecureWsOpenTelemetryModule } from './secure-ws-open-telemetry.module.js';
export type { OpenTelemetryOptions, TraceContextSender } from './open-telemetry.options.js';
