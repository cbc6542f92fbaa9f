import type { CanActivate, Type } from '@nestjs/common';
import type { WsHttpPrincipal } from '../authentication/ticket/ticket.controller.js';
import { requirementProblem, type WsClaimsRequirement } from '../authorization/requirement.js';
import type { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import type { OriginRule } from '../handshake/origin-rules.js';

/** What `SecureWsOperationsModule.forRoot()` takes. */
export interface OperationsOptions {
  /**
   * Says who sends an HTTP request, as for `createTicketController()`: the page and the ticket of its socket are for whoever
   * it names, and has what {@link access} asks for. A provider of the application; otherwise one is made.
   */
  readonly principal: Type<WsHttpPrincipal>;
  /** Who may look: roles (one of them), scopes (all of them), or both. There is no default. */
  readonly access: WsClaimsRequirement;
  /**
   * What whoever acts needs besides {@link access}: to disconnect, revoke, ban and drain. `'none'` is a page to look at, which
   * has no actions.
   *
   * @default what `access` asks for
   */
  readonly actions?: WsClaimsRequirement | 'none';
  /**
   * Where the page is, such as `ops/sockets`; its socket is at `/ops/sockets/socket`. A global prefix of the application goes in
   * front of the page, and not of the socket.
   *
   * @default 'operations'
   */
  readonly path?: string;
  /** The origins of the pages that may open the socket. @default handshake.origins */
  readonly origins?: readonly OriginRule[];
  /** Guards of the application that run before the page is given to anybody. @default none but the global ones */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * How users appear to operators: `'as-events'` as `events.identifiers` says, so that a line of the log and a row of the page
   * are joined by the same hash; `'plain'` shows the keys of principals, which hold the ids of users, and is warned about at
   * boot. The log stays as it is.
   *
   * @default 'as-events'
   */
  readonly identifiers?: 'as-events' | 'plain';
  /** How often the page is told new figures, in milliseconds. @default 2000 */
  readonly refreshMs?: number;
}

/** {@link OperationsOptions} with defaults filled. */
export interface ResolvedOperationsOptions {
  readonly principal: Type<WsHttpPrincipal>;
  readonly access: WsClaimsRequirement;
  /** `undefined` where nobody acts. */
  readonly actions: WsClaimsRequirement | undefined;
  /** Without a slash at either end. */
  readonly path: string;
  /** The path of the gateway. */
  readonly socketPath: string;
  readonly origins: readonly OriginRule[] | undefined;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly showsPlain: boolean;
  readonly refreshMs: number;
}

/** Where its problems are said to lie. */
export const OPERATIONS_PLACE = 'SecureWsOperationsModule.forRoot()';

const PATH = /^[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+){0,4}$/;

/** Reads the options. @returns `undefined` where they leave open who may see the page. */
export function resolveOperationsOptions(user: unknown, problems: BootProblems): ResolvedOperationsOptions | undefined {
  const before = problems.problems.length;
  const reader = new OptionReader(user, OPERATIONS_PLACE, problems);
  const principal = reader.raw('principal');
  if (typeof principal !== 'function') {
    reader.refuse('principal', 'must be a class that says who sends an HTTP request.', 'HttpPrincipal');
  }
  const access = readRequirement(reader, 'access');
  if (!reader.has('access')) {
    const problem = 'is missing: nothing says who may see the connections of everybody.';
    reader.refuse('access', problem, "{ roles: ['admin'] }");
  }
  const actions = reader.raw('actions') === 'none' ? undefined : (readRequirement(reader, 'actions') ?? access);
  const path = reader.string('path') ?? 'operations';
  if (!PATH.test(path)) {
    reader.refuse('path', 'must be a path without a slash in front, of letters, digits and . _ ~ -.', "'operations'");
  }
  const origins = reader.raw('origins') as readonly OriginRule[] | undefined;
  const guards = reader.raw('guards') ?? [];
  if (!Array.isArray(guards)) reader.refuse('guards', 'must be a list of guards.', '[]');
  const identifiers = reader.oneOf('identifiers', ['as-events', 'plain'], 'as-events');
  if (identifiers === 'plain') reader.warn('identifiers', "is 'plain': operators see the ids of users.");
  const refreshMs = reader.ms('refreshMs', 2000, { min: 500, max: 60_000 });
  reader.finish();
  if (problems.problems.length > before || access === undefined) return undefined;
  return Object.freeze({
    principal: principal as Type<WsHttpPrincipal>,
    access,
    actions,
    path,
    socketPath: `/${path}/socket`,
    origins,
    guards: guards as readonly Type<CanActivate>[],
    showsPlain: identifiers === 'plain',
    refreshMs,
  });
}

/** Roles and scopes only: the page is asked for over HTTP too, where there is no message for a policy to judge. */
function readRequirement(reader: OptionReader, name: 'access' | 'actions'): WsClaimsRequirement | undefined {
  const given = reader.raw(name);
  if (given === undefined) return undefined;
  const problem =
    typeof given === 'object' ? requirementProblem(given) : 'a requirement names roles or scopes, and no policy';
  if (problem === undefined && Object.getPrototypeOf(given) === Object.prototype) return given as WsClaimsRequirement;
  return reader.refuse(name, `is not usable: ${problem ?? 'it must be { roles, scopes }'}.`, "{ roles: ['admin'] }");
}
