import type { BootProblem, BootWarning } from '../../core/boot-problems.js';
import type { OriginRules } from '../../handshake/origin-policy.js';
import type { GatewayRecord } from '../../nest/gateway-inventory.js';
import type { GlobalEnhancers } from '../../nest/global-enhancers.js';
import type { HttpPlatform } from '../../nest/http-platform.js';
import type { ResolvedSecureWsOptions } from '../../resolve-options.js';

/** One block of tokens, and how long one of them may be good. */
export interface TokenLife {
  /** Its path in the options, such as `authentication.jwt[0]`. */
  readonly place: string;
  /** From the moment at which it was issued, in milliseconds. */
  readonly maxMs: number;
}

/** Everything that the rules of the doctor look at: read once, of an application that was put together and not started. */
export interface DoctorFacts {
  readonly problems: readonly BootProblem[];
  readonly warnings: readonly BootWarning[];
  readonly options: ResolvedSecureWsOptions;
  readonly gateways: readonly GatewayRecord[];
  /** Of the module, and of each gateway that has its own. */
  readonly origins: readonly { readonly place: string; readonly rules: OriginRules }[];
  readonly tokens: readonly TokenLife[];
  /** What each `enableCors()` was given. */
  readonly cors: readonly unknown[];
  readonly platform: HttpPlatform;
  readonly globals: GlobalEnhancers;
  /** Whether Nest runs global guards, interceptors and pipes for messages: since Nest 12. */
  readonly runsGlobals: boolean;
  /** The classes of the application that inject `WsRevocationService`, or what ends sessions by itself. */
  readonly revokers: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether the `main.ts` of the application has run: without it nobody knows what that calls. */
  readonly hasMain: boolean;
  /** Whether something listens for SIGTERM, as `enableShutdownHooks()` does. */
  readonly hasShutdownHooks: boolean;
}
