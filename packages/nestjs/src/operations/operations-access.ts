import type { IncomingMessage } from 'node:http';
import { HttpException, Inject, Injectable, NotFoundException, type OnApplicationBootstrap } from '@nestjs/common';
import { ContainedLogger } from '../core/contained-logger.js';
import { ModulesContainer } from '@nestjs/core';
import type { WsHttpPrincipal } from '../authentication/ticket/ticket.controller.js';
import { missingClaim } from '../authorization/missing-claim.js';
import { withDeadline } from '../core/awaitable.js';
import { ANONYMOUS_KIND, makePrincipal, type Principal } from '../core/principal.js';
import type { OperatorRefusal } from '../events/catalogue/operator-events.js';
import { blamedAddress } from '../handshake/request-address.js';
import { ApplicationClasses } from '../nest/application-classes.js';
import type { NestModule } from '../nest/gateway-inventory.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { OPERATIONS_HOST, type OperationsHost } from './operations-host.js';
import { OPERATIONS_PLACE, type ResolvedOperationsOptions } from './operations.options.js';

/** How long the application may think about who asks, in milliseconds. */
const RESOLVE_TIMEOUT_MS = 5000;

/** `originalUrl` is the URL as it was asked for: a router takes its prefix off `url`. */
type AnyRequest = IncomingMessage & { readonly originalUrl?: string };

/** Who asks for the page, and whether they may act. */
export interface Operator {
  /** As the application says it, for the ticket. */
  readonly principal: NonNullable<Awaited<ReturnType<WsHttpPrincipal['resolve']>>>;
  readonly mayAct: boolean;
}

/**
 * Says who gets the page over HTTP. Everybody else is answered as if there were none: the same status and the same words as
 * for a route that nobody has (OD-10).
 */
@Injectable()
export class OperationsAccess implements OnApplicationBootstrap {
  private readonly options: ResolvedOperationsOptions;
  private readonly runtime: SecureWsRuntime;
  readonly #classes: ApplicationClasses;
  #principals: WsHttpPrincipal | undefined;
  readonly #logger = new ContainedLogger('SecureWs');
  #isOriginTold = false;

  constructor(
    private readonly modules: ModulesContainer,
    @Inject(OPERATIONS_HOST) { options, problems, runtime }: OperationsHost,
  ) {
    this.options = options;
    this.runtime = runtime;
    this.#classes = new ApplicationClasses(modules);
    this.#classes.check(options.principal, this.#home, `${OPERATIONS_PLACE}.principal`, problems, true);
    if (typeof (options.principal.prototype as Partial<WsHttpPrincipal> | undefined)?.resolve !== 'function') {
      problems.add(
        `${OPERATIONS_PLACE}.principal`,
        `names ${options.principal.name}, which has no resolve(): nobody would ever get the page.`,
        `class ${options.principal.name} extends WsHttpPrincipal`,
      );
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#principals = await this.#classes.singletonOf<WsHttpPrincipal>(this.options.principal, this.#home);
  }

  /**
   * Finds the operator of a request.
   *
   * @throws NotFoundException for everybody else.
   */
  async operatorOf(request: AnyRequest): Promise<Operator> {
    const found = await this.#resolve(request);
    // Whatever a JavaScript application answers for nobody.
    if (typeof found !== 'object' || found === null) throw this.refuse(request, 'unauthenticated');
    const principal = this.#read(found);
    if (principal === undefined) throw this.refuse(request, 'unavailable');
    const { access, actions } = this.options;
    const isPast = (principal.expiresAt ?? Infinity) <= this.runtime.clock.now();
    if (principal.kind === ANONYMOUS_KIND || isPast) throw this.refuse(request, 'unauthenticated');
    if (missingClaim(access, principal) !== undefined) throw this.refuse(request, 'claims', principal.key);
    return { principal: found, mayAct: actions !== undefined && missingClaim(actions, principal) === undefined };
  }

  /** Audits a refusal. @returns what the route throws. */
  refuse(request: AnyRequest, reason: OperatorRefusal, who?: string): HttpException {
    const { events, options } = this.runtime;
    const address = blamedAddress(request, options.handshake.proxies);
    events.emit({
      type: 'ws.operator.refused',
      reason,
      ...(address !== undefined && { address }),
      ...(who !== undefined && { principal: who }),
    });
    return this.notFound(request);
  }

  /** The page itself has asked, from where it was served: nobody who looks at it could tell what is missing. Said once. */
  warnOfOwnOrigin({ headers }: AnyRequest): void {
    // HTTP/2 has it in a field of its own (RFC 9113 section 8.3.1).
    const { origin, host = headers[':authority'] } = headers;
    if (this.#isOriginTold || host === undefined || origin?.split('://')[1] !== host) return;
    this.#isOriginTold = true;
    const option = this.options.origins === undefined ? 'handshake.origins' : `${OPERATIONS_PLACE}.origins`;
    this.#logger.warn(`The operations page gets no ticket: the origin that it is served from is not in ${option}.`);
  }

  /** What Nest says of a route that there is not. */
  notFound({ method = 'GET', url = '', originalUrl = url }: AnyRequest): HttpException {
    return new NotFoundException(`Cannot ${method} ${originalUrl}`);
  }

  async #resolve(request: AnyRequest): Promise<Awaited<ReturnType<WsHttpPrincipal['resolve']>>> {
    const principals = this.#principals;
    const asked = (async () => principals?.resolve(request))();
    const { clock, faults } = this.runtime;
    try {
      const found = await withDeadline<Awaited<typeof asked> | 'late'>(asked, RESOLVE_TIMEOUT_MS, clock, 'late');
      if (found !== 'late') return found;
    } catch (error) {
      // An UnauthorizedException is how many applications say that nobody is logged in.
      if (error instanceof HttpException) return undefined;
      faults.write(`${this.options.principal.name}.resolve`, '', error);
    }
    throw this.refuse(request, 'unavailable');
  }

  #read(found: object): Principal | undefined {
    try {
      return makePrincipal(found, { block: 'operations', kind: 'http', now: this.runtime.clock.now() });
    } catch (error) {
      this.runtime.faults.write(`${this.options.principal.name}.resolve`, '', error);
      return undefined;
    }
  }

  /** The module that lists this class. */
  get #home(): NestModule {
    return [...this.modules.values()].find(({ providers }) => providers.has(OperationsAccess)) as NestModule;
  }
}
