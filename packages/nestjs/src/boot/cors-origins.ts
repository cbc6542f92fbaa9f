import type { BootWarning } from '../core/boot-problems.js';
import { isPlainObject } from '../core/option-reader.js';
import { formatOrigin, type Origin } from '../handshake/origin.js';
import { judgeOrigin, type OriginRules } from '../handshake/origin-policy.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import type { GatewayEndpoint } from './gateway-endpoints.js';

/** Where what an application says of CORS and of the origins of its sockets does not go together. */
export interface CorsFinding {
  readonly kind: 'any-origin-with-credentials' | 'any-origin' | 'loose-pattern' | 'other-origin';
  /** A sentence that says what follows. */
  readonly problem: string;
  /** The line that closes it. */
  readonly fix: string;
}

/** Names that a pattern for ours should not match. `example` is nobody's (RFC 2606). */
const STRANGERS: readonly ((origin: Origin) => Origin)[] = [
  (origin) => ({ ...origin, hostname: `evil${origin.hostname}` }),
  (origin) => ({ ...origin, hostname: `${origin.hostname}.evil.example` }),
  (origin) => ({ ...origin, hostname: origin.hostname.replace('.', 'x') }),
];

/**
 * Compares what `enableCors()` was given with the origins that may open a socket (HS-19: CORS decides nothing about
 * sockets, and an HTTP API that every page may call as its visitor hands out what opens one).
 *
 * @param cors the options of `enableCors()`; `undefined` is Nest's default, every origin.
 * @param allowed the rules of the module, and of gateways with rules of their own.
 */
export function compareCors(cors: unknown, allowed: readonly OriginRules[]): readonly CorsFinding[] {
  // A function decides by request: nobody can say what.
  if (typeof cors === 'function' || allowed.some(({ allowAny }) => allowAny)) return [];
  const { origin = '*', credentials = false } = isPlainObject(cors) ? cors : {};
  if (origin === '*' || (Array.isArray(origin) && origin.includes('*'))) return [ANY_ORIGIN];
  if (origin === true) return [credentials === true ? ANY_WITH_CREDENTIALS : ANY_ORIGIN];
  const entries: readonly unknown[] = Array.isArray(origin) ? origin : [origin];
  return entries.flatMap((entry) => compareEntry(entry, allowed));
}

/** The origins of an application's sockets: those of the module, and of each gateway with its own. */
export function originsOf(
  { handshake }: Pick<ResolvedSecureWsOptions, 'handshake'>,
  endpoints: Iterable<GatewayEndpoint>,
): readonly { readonly place: string; readonly rules: OriginRules }[] {
  const own = [...endpoints].flatMap(({ gateway, settings: { origins } }) =>
    origins === undefined ? [] : [{ place: `${gateway.name} @SecureGateway.origins`, rules: origins }],
  );
  return [{ place: 'handshake.origins', rules: handshake.origins }, ...own];
}

/** What an application that starts is warned of: where CORS opens what the origins close. */
export function warningsOfCors(
  cors: readonly unknown[],
  options: Pick<ResolvedSecureWsOptions, 'adapter' | 'handshake'>,
  endpoints: Iterable<GatewayEndpoint>,
): readonly BootWarning[] {
  // On another adapter there is not a list of ours.
  if (!options.adapter) return [];
  const allowed = originsOf(options, endpoints).map(({ rules }) => rules);
  return cors
    .flatMap((given) => compareCors(given, allowed))
    .filter(({ kind }) => kind !== 'other-origin')
    .map(({ problem }) => ({ where: 'app.enableCors()', warning: problem }));
}

function compareEntry(entry: unknown, allowed: readonly OriginRules[]): readonly CorsFinding[] {
  if (entry instanceof RegExp) {
    const ours = allowed.flatMap(({ exact, parents }) => [...exact, ...parents.map(anyChildOf)]);
    const stranger = ours
      .flatMap((origin) => STRANGERS.map((make) => make(origin)))
      .filter((origin) => !isAllowed(formatOrigin(origin), allowed))
      .find((origin) => new RegExp(entry.source, entry.flags.replace(/[gy]/g, '')).test(formatOrigin(origin)));
    return stranger === undefined ? [] : [loose(entry, formatOrigin(stranger))];
  }
  if (typeof entry !== 'string' || isAllowed(entry, allowed)) return [];
  return [
    {
      kind: 'other-origin',
      problem: `lets pages of ${entry} call the HTTP API, and they may not open a socket.`,
      fix: `handshake: { origins: ['${entry}', ...] }, or remove it from enableCors()`,
    },
  ];
}

const anyChildOf = (parent: string): Origin => ({ protocol: 'https', hostname: `app.${parent}`, port: 443 });

function isAllowed(text: string, allowed: readonly OriginRules[]): boolean {
  return allowed.some((rules) => judgeOrigin(text, rules).kind === 'allowed');
}

function loose({ source }: RegExp, stranger: string): CorsFinding {
  return {
    kind: 'loose-pattern',
    problem: `matches ${stranger} too: /${source}/ is not anchored, or a dot in it stands for any character.`,
    fix: "app.enableCors({ origin: ['https://app.example.com'] }), exact as handshake.origins",
  };
}

const FIX =
  "app.enableCors({ origin: ['https://app.example.com'], credentials: true }), the same list as handshake.origins";

const ANY_ORIGIN: CorsFinding = {
  kind: 'any-origin',
  problem: 'lets pages of every web site read what the HTTP API answers, while sockets are for a list of origins.',
  fix: FIX,
};

const ANY_WITH_CREDENTIALS: CorsFinding = {
  kind: 'any-origin-with-credentials',
  problem:
    'lets pages of every web site call the HTTP API as their visitor and read the answers: tickets, CSRF tokens and ' +
    'whatever else opens a socket. The list of handshake.origins then protects nothing.',
  fix: FIX,
};
