import { BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import { type Filled, OptionReader } from '../core/option-reader.js';

/** Who sent a trace context with a handshake, as far as the checks have found out. */
export interface TraceContextSender {
  /** The address of the client, behind the listed proxies. */
  readonly address: string;
  /** The address that the TCP connection comes from: that of the proxy, where there is one. */
  readonly peer: string;
  /** The allowed origin of a page; `undefined` for a client that is not a browser. */
  readonly origin: string | undefined;
  /** The path of the gateway. */
  readonly path: string;
}

/** What `SecureWsOpenTelemetryModule.forRoot()` takes. */
export interface OpenTelemetryOptions {
  /** Whether the module measures. @default true */
  readonly metrics?: boolean;
  /** Whether there is a span for each handshake and each message. @default true */
  readonly traces?: boolean;
  /**
   * Whether the trace goes on that a client names (`traceparent`, W3C Trace Context): its spans are then under the client's,
   * and the client decides whether they are kept. Asked once Host, origin and address are judged; only `true` means yes, and a
   * throw means no.
   *
   * @default nobody's: every handshake begins a trace of its own
   */
  readonly trustTraceContext?: (sender: TraceContextSender) => boolean;
  /** As `sentEvents` of `SecureWsMetricsModule`. @default none */
  readonly sentEvents?: readonly string[];
}

/** {@link OpenTelemetryOptions} with defaults filled. */
export type ResolvedOpenTelemetryOptions = Filled<OpenTelemetryOptions, 'trustTraceContext'>;

/** @throws {SecureWsBootError} with everything that is wrong. */
export function resolveOpenTelemetryOptions(options: unknown): ResolvedOpenTelemetryOptions {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'openTelemetry', problems);
  const metrics = reader.boolean('metrics', true);
  const traces = reader.boolean('traces', true);
  const trustTraceContext =
    reader.callback<NonNullable<OpenTelemetryOptions['trustTraceContext']>>('trustTraceContext');
  const sentEvents = reader.strings('sentEvents') ?? [];
  if (!traces && trustTraceContext !== undefined) {
    reader.fail('trustTraceContext', 'has no effect: there are no traces.', 'traces: true, or remove it');
  }
  if (!metrics && sentEvents.length > 0) {
    reader.fail('sentEvents', 'has no effect: nothing is measured.', 'metrics: true, or remove it');
  }
  if (!metrics && !traces) reader.fail('metrics', 'and traces are both off: nothing is left.', 'traces: true');
  const resolved = reader.finish({ metrics, traces, trustTraceContext, sentEvents });
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return resolved;
}
