// The module
export { SecureWsModule } from './secure-ws.module.js';
export type { SecureWsAsyncOptions, SecureWsOptionsFactory } from './secure-ws.module.js';
export type { MigrationOptions } from './migration.options.js';
export type { PolicyLockOptions } from './policy-lock/policy-lock.options.js';
export type { SecureWsOptions } from './secure-ws.options.js';
export { SecureWsBootError } from './core/boot-problems.js';
export type { ClassOrInstance } from './core/option-reader.js';
export type { BootProblem } from './core/boot-problems.js';

export { HttpOnly } from './boot/http-only.js';
export { SecureGateway } from './secure-gateway.decorator.js';
export type { GatewayLimits, SecureGatewayOptions } from './secure-gateway.decorator.js';

// Alerts
export type { ActiveAlert, AlertSubject } from './alerts/active-alert.js';
export type {
  AbsenceAlertRule,
  AlertRule,
  FirstSeenAlertRule,
  ManyNetworksAlertRule,
  RatioAlertRule,
  SpikeAlertRule,
  ThresholdAlertRule,
} from './alerts/alert-rule.js';
export type { AlertsOptions } from './alerts/alerts.options.js';
export { OnSecurityAlert } from './alerts/on-security-alert.js';
export type { SecurityAlert } from './alerts/on-security-alert.js';
export { SecureWsAlerts } from './alerts/secure-ws-alerts.js';
export { WS_ALERT_RULES } from './alerts/shipped-rules.js';
export type { AlertWebhookOptions } from './alerts/webhook/alert-webhook.options.js';
export type { AlertKind, AlertScope, AlertSeverity } from './events/catalogue/alert-events.js';

// Authentication
export { AuthenticationError, WsAuthenticator } from './authentication/authenticator.js';
export type { AuthenticationFailure } from './authentication/authentication-failures.js';
export type { CredentialSource, DpopProof, WsCredential, WsHandshakeFacts } from './authentication/authenticator.js';
export type { AuthenticationOptions } from './authentication/authentication.options.js';
export type { JwtAlgorithm } from './authentication/jwt/jwt-algorithm.js';
export type { JwtIdentity, JwtPrincipalMapping } from './authentication/jwt/jwt-identity.js';
export type { JwtKeyMaterial } from './authentication/jwt/jwt-key.js';
export type { SecretMaterial } from './authentication/secret-keys.js';
export type { JwtKeyOptions } from './authentication/jwt/jwt-key.options.js';
export type { JwtOptions } from './authentication/jwt/jwt.options.js';
export type { JsonWebKeys } from './authentication/jwt/key-set/key-set.options.js';
export type { RemoteOptions } from './authentication/remote/remote.options.js';
export type { TokenRules } from './authentication/jwt/token-rules.js';
export { createBackChannelLogoutController } from './authentication/back-channel-logout/back-channel-logout.controller.js';
export type { BackChannelLogoutControllerOptions } from './authentication/back-channel-logout/back-channel-logout.controller.js';
export type { BackChannelLogoutOptions } from './authentication/back-channel-logout/back-channel-logout.options.js';
export { TooManyRefusedError } from './authentication/notices/notice-limits.js';
export { WsBackChannelLogout } from './authentication/back-channel-logout/ws-back-channel-logout.js';
export { createSharedSignalsController } from './authentication/shared-signals/shared-signals.controller.js';
export type { SharedSignalsControllerOptions } from './authentication/shared-signals/shared-signals.controller.js';
export type { SharedSignalsOptions } from './authentication/shared-signals/shared-signals.options.js';
export { WsSharedSignals } from './authentication/shared-signals/ws-shared-signals.js';
export type { SignalName } from './events/catalogue/signal-events.js';
export type { IntrospectionOptions } from './authentication/oauth/introspection.options.js';
export type { OAuthOptions } from './authentication/oauth/oauth.options.js';
export type { DpopNonceOptions, DpopOptions } from './authentication/sender-constraint/dpop.options.js';
export { createApiKey } from './authentication/api-key/api-key.js';
export type { CreatedApiKey } from './authentication/api-key/api-key.js';
export type { ApiKeyOptions } from './authentication/api-key/api-key.options.js';
export { WsApiKeyStore } from './authentication/api-key/ws-api-key-store.js';
export type { ApiKeyRecord } from './authentication/api-key/ws-api-key-store.js';
export { createTicketController, WsHttpPrincipal } from './authentication/ticket/ticket.controller.js';
export type { TicketControllerOptions } from './authentication/ticket/ticket.controller.js';
export type { TicketOptions } from './authentication/ticket/ticket.options.js';
export { WsTicketService } from './authentication/ticket/ws-ticket.service.js';
export type { WsTicket, WsTicketOptions } from './authentication/ticket/ws-ticket.service.js';
export { createPrincipal } from './core/principal.js';
export type { Principal, PrincipalInput } from './core/principal.js';
export { WsCsrfTokens } from './authentication/csrf-tokens.js';
export type { SessionCsrfOptions, SessionOptions } from './authentication/session/session.options.js';
export { expressSession, fastifySession } from './authentication/session/signed-sessions.js';
export type { IdentifySession, SessionStoreLike, StoredSession } from './authentication/session/signed-sessions.js';
export { WsSessionVerifier } from './authentication/session/ws-session-verifier.js';
export type { SessionIdentity } from './authentication/session/ws-session-verifier.js';

export type { ClientCertificate } from './authentication/client-certificate/client-certificate.js';
export type { ClientCertificateOptions } from './authentication/client-certificate/client-certificate.options.js';
export type { PemSource, RevocationListSource } from './authentication/client-certificate/revocation-lists.js';
export { WsClientCertificateMapper } from './authentication/client-certificate/ws-client-certificate-mapper.js';
export type { ClientCertificateIdentity } from './authentication/client-certificate/ws-client-certificate-mapper.js';
export { WsClientCertificates } from './authentication/client-certificate/ws-client-certificates.js';

// Authorization
export type { AuthorizationOptions } from './authorization/authorization.options.js';
export { allOf, anyOf } from './authorization/requirement.js';
export type { AllOf, AnyOf, WsClaimsRequirement, WsRequirement } from './authorization/requirement.js';
export { WsBatchPolicy } from './authorization/ws-batch-policy.js';
export type { WsBatchId } from './authorization/ws-batch-policy.js';
export { wsRules } from './authorization/rules/ws-rules.js';
export type {
  WsDecidedRule,
  WsOpenTable,
  WsRuleConditions,
  WsRules,
  WsUndecidedRule,
} from './authorization/rules/ws-rules.js';
export type { WsGatewayType, WsRule, WsRuleTable } from './authorization/rules/ws-rule-table.js';
export type { WsShadow } from './authorization/shadow/ws-shadow.js';
export { WsAuthorize } from './authorization/ws-authorize.decorator.js';
export { Denial, deny, Grant, grant, grantRows } from './authorization/ws-policy.js';
export type { WsPolicy, WsPolicyContext, WsPolicyDecision, WsPolicyType } from './authorization/ws-policy.js';
export { WsPrincipal } from './authorization/ws-principal.decorator.js';
export { WsPublic } from './authorization/ws-public.decorator.js';
export { WsResource } from './authorization/ws-resource.decorator.js';
export { WsRowFilter } from './authorization/ws-row-filter.decorator.js';
export { WsStepUp } from './authorization/ws-step-up.decorator.js';
export type { WsStepUpOptions } from './authorization/ws-step-up.decorator.js';

// Events
export type { EventsOptions } from './events/events.options.js';
export { FileSink } from './events/file/file.sink.js';
export type { FileSinkChainOptions, FileSinkOptions } from './events/file/file-sink.options.js';
export { LoggerSink } from './events/sinks/logger.sink.js';
export { OpenTelemetryLogSink } from './events/sinks/open-telemetry-log.sink.js';
export type {
  OpenTelemetryLogger,
  OpenTelemetryLogRecord,
  OpenTelemetryValue,
} from './events/sinks/open-telemetry-log.sink.js';
export { PinoSink } from './events/sinks/pino.sink.js';
export type { PinoLogger } from './events/sinks/pino.sink.js';
export { SyslogSink } from './events/syslog/syslog.sink.js';
export type { SyslogSinkOptions } from './events/syslog/syslog.options.js';
export type { OwaspEventName } from './events/event-reasons.js';
export type {
  SecurityEvent,
  SecurityEventData,
  SecurityEventOf,
  SecurityEventPattern,
  SecurityEventType,
} from './events/security-event.js';
export { SecurityEventSink } from './events/security-event-sink.js';
export { SecurityEvents } from './events/security-events.js';
export type { SecurityEventChannel } from './events/delivery/event-channel.js';
export type { SecurityEventCount, SecurityEventCounts } from './events/event-counters.js';
export { OnSecurityEvent } from './events/listeners/on-security-event.js';

// Handshake
export type { ChallengeOptions } from './handshake/challenge/challenge.options.js';
export { hCaptcha, reCaptcha, turnstile } from './handshake/challenge/site-verifiers.js';
export type { SiteVerifierOptions } from './handshake/challenge/site-verifiers.js';
export { WsChallengeVerifier } from './handshake/challenge/ws-challenge-verifier.js';
export type { WsChallengeAttempt, WsChallengeSubject } from './handshake/challenge/ws-challenge-verifier.js';
export { WsChallengeService } from './handshake/challenge/ws-challenge.service.js';
export { WsProofOfWork } from './handshake/challenge/ws-proof-of-work.js';
export type { ProofOfWorkChallenge, ProofOfWorkOptions } from './handshake/challenge/ws-proof-of-work.js';
export type { HandshakeOptions } from './handshake/handshake.options.js';
export { handshakePrincipal } from './handshake/guards/handshake-principal.js';
export { WsHttpServers } from './adapter/ws-http-servers.js';
export { UseHandshakeGuards } from './handshake/guards/use-handshake-guards.decorator.js';
export type { HandshakeGuardType } from './handshake/guards/use-handshake-guards.decorator.js';
export type { ForwardingHeader } from './handshake/client-address.js';
export type {
  AddressBackoffOptions,
  HandshakeLimitsOptions,
  HandshakeRate,
} from './handshake/limits/limits.options.js';
export type { WsSubprotocolOptions } from './handshake/subprotocols.options.js';
export type { OriginRule } from './handshake/origin-rules.js';
export type { ForwardedCertificateOptions, TrustedProxies } from './handshake/trusted-proxies.js';

// Health
export { SecureWsHealth } from './health/secure-ws-health.js';
export type { SecureWsHealthProblem, SecureWsHealthReport } from './health/secure-ws-health.js';

// Lifecycle
export type { LifecycleOptions } from './lifecycle/lifecycle.options.js';
export { WsAbortSignal, type WsClose, WsConnection, type WsSendOutcome } from './core/ws-connection.js';
export {
  type HookDecorator,
  OnWsConnected,
  OnWsDisconnected,
  OnWsRefreshed,
} from './lifecycle/hooks/on-ws-connection.js';
export type { WsConnectionFilter } from './lifecycle/connection-filter.js';
export { WsCluster } from './cluster/ws-cluster.js';
export type { WsClusterAnswer, WsClusterConnection, WsClusterFindings } from './cluster/ws-cluster.js';
export { WsConnectionLifecycleService } from './lifecycle/ws-connection-lifecycle.service.js';
export type { WsConnectionFigures, WsSendCounts } from './lifecycle/ws-connection-lifecycle.service.js';
export type { RevalidationOptions } from './lifecycle/revalidation/revalidation.options.js';
export { WsRevalidator } from './lifecycle/revalidation/ws-revalidator.js';
export type { RevalidatedRights } from './lifecycle/revalidation/ws-revalidator.js';
export { WsRevocationService } from './lifecycle/revocation/ws-revocation.service.js';
export type { RevocationLife } from './lifecycle/revocation/ws-revocation.service.js';

// Messages
export { WsSubprotocol } from './messages/ws-subprotocol.decorator.js';
export { WsApplicationError, WsRefusalException } from './core/ws-application.error.js';
export type { RefusalExtras } from './core/ws-application.error.js';
export type { MessagesOptions } from './messages/messages.options.js';

// Output
export type { OutputDeclaration, OutputType, WsSendOptions } from './core/output.js';
export type { StandardSchema } from './core/standard-schema.js';
export type { OutputOptions } from './output/output.options.js';
export { WsReply } from './output/ws-reply.decorator.js';

// Store
export type { StoreOptions } from './store/store.options.js';

// Throttling
export type { ThrottleRule } from './core/rate-windows.js';
export type { ViolationKind, ViolationsOptions, ViolationWeights } from './throttling/violations/violations.options.js';
export type {
  MessageThrottleRule,
  ThrottleMode,
  ThrottleSubject,
  WsThrottleContext,
  WsThrottleRule,
  WsThrottleValue,
} from './throttling/throttle-rule.js';
export { LoadMeter, type LoadSample } from './throttling/shedding/load-meter.js';
export type { SheddingOptions } from './throttling/shedding/shedding.options.js';
export type { ThrottlingOptions } from './throttling/throttling.options.js';
export type { ThrottlerStorageAnswer, ThrottlerStorageLike } from './throttling/throttler-storage.js';
export { minutes, seconds, WsThrottle } from './throttling/ws-throttle.decorator.js';

// Validation
export type { ValidationOptions } from './validation/validation.options.js';
export { RecordOf } from './validation/dto/record-of.decorator.js';
export type { RecordOfOptions } from './validation/dto/record-of.decorator.js';
export { WsInputRoles } from './validation/dto/ws-input-roles.decorator.js';
export type { RecordBounds } from './validation/dto/record-declaration.js';
export { EscapeHtml } from './validation/hygiene/escape-html.decorator.js';
export { SanitizeHtml } from './validation/hygiene/sanitize-html.decorator.js';
export type { SanitizeHtmlOptions } from './validation/hygiene/sanitize-html.decorator.js';
export { SanitizeString } from './validation/hygiene/sanitize-string.decorator.js';
export type { SanitizeStringOptions } from './validation/hygiene/sanitize-string.decorator.js';
export { WsBinary } from './validation/bytes/ws-binary.decorator.js';
export type { WsBinaryOptions } from './validation/bytes/ws-binary.decorator.js';
export { WsBytes } from './validation/bytes/ws-bytes.decorator.js';
export type { MagicName, MagicPart } from './validation/bytes/magic.js';
export { WsPayload } from './validation/ws-payload.decorator.js';
export type { WsPayloadOf, WsPayloadOptions } from './validation/ws-payload.decorator.js';

// Time
export { Clock, SystemClock } from './core/clock.js';
export type { Cancel } from './core/clock.js';
