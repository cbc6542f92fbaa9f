import type { IncomingMessage } from 'node:http';
import {
  type CanActivate,
  Controller,
  Header,
  HttpException,
  Inject,
  Post,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { type Awaitable, withDeadline } from '../../core/awaitable.js';
import { SecureWsBootError } from '../../core/boot-problems.js';
import { Clock } from '../../core/clock.js';
import type { Principal, PrincipalInput } from '../../core/principal.js';
import { readAtOnce, readRoute } from '../../core/read-route.js';
import { OwnRoute } from '../../nest/own-route.js';
import { type WsTicket, WsTicketService } from './ws-ticket.service.js';

/** Says who sent an HTTP request. The application implements it: it knows its log-in. */
export abstract class WsHttpPrincipal {
  /**
   * @param request the request of Express or Fastify, with what guards and middleware have set on it.
   * @returns who it is, or `undefined` where nobody is logged in.
   */
  abstract resolve(request: IncomingMessage): Awaitable<Principal | PrincipalInput | undefined>;
}

/** What {@link createTicketController} makes. */
export interface TicketControllerOptions {
  /** @default 'ws-ticket' */
  readonly path?: string;
  /** A provider of the module that lists the controller: who asks. */
  readonly principal: Type<WsHttpPrincipal>;
  /** Guards that run before, such as `AuthGuard('jwt')`. @default none but the global ones */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** The gateway that the tickets are for, where its `@SecureGateway` sets `authentication` or `origins`. */
  readonly gateway?: Type;
}

type Guards = NonNullable<TicketControllerOptions['guards']>;

/** How long an application may think about who asks, in milliseconds. */
const RESOLVE_TIMEOUT_MS = 5000;

/**
 * Makes a controller whose `POST` answers a ticket: `{ "ticket": "...", "expiresInMs": 30000 }`. It is an ordinary controller
 * of the module that lists it, on Express and on Fastify.
 *
 * A page of another origin gets `403` (and so does a request without an `Origin`), whoever is not logged in `401`; nothing is
 * cached.
 *
 * @example
 * ```ts
 * @Module({ controllers: [createTicketController({ principal: SessionPrincipal })], providers: [SessionPrincipal] })
 * export class LogInModule {}
 * ```
 * @throws {SecureWsBootError} without `principal`, for an option that there is not, and at boot where `authentication.tickets` is not set.
 */
export function createTicketController(options: TicketControllerOptions): Type {
  // Nest would name the position of an argument.
  if (typeof (options as Partial<TicketControllerOptions> | undefined)?.principal !== 'function') {
    refuse('needs a class that says who asks.', 'createTicketController({ principal: HttpPrincipal })');
  }
  const { principal, gateway } = options;
  const { path, guards } = readAtOnce(options, 'createTicketController()', (reader) => {
    for (const name of ['principal', 'gateway']) reader.raw(name);
    const isList = (value: unknown): value is Guards => Array.isArray(value);
    const found = reader.checked('guards', isList, 'must be a list of guards', "[AuthGuard('jwt')]") ?? [];
    return { path: readRoute(reader, 'ws-ticket'), guards: found };
  });

  @OwnRoute('createTicketController().path')
  @UseGuards(...guards)
  @Controller(path)
  class TicketController {
    constructor(
      @Inject(WsTicketService) private readonly tickets: WsTicketService,
      @Inject(Clock) private readonly clock: Clock,
      @Inject(principal) private readonly principals: WsHttpPrincipal,
    ) {
      if (!tickets.isConfigured) refuse('makes tickets, and no gateway takes any.', 'authentication: { tickets: {} }');
    }

    @Post()
    @Header('Cache-Control', 'no-store')
    async issue(@Req() request: IncomingMessage): Promise<WsTicket> {
      const { tickets, clock } = this;
      const { origin } = request.headers;
      // Before anybody is asked: a browser adds the cookies of its visitor for any page, and says with each POST for which.
      if (!tickets.isPageAllowed(origin, gateway)) throw tickets.refuse('origin-not-allowed', origin);
      const asked = (async () => this.principals.resolve(request))().catch((cause: unknown) => {
        if (!(cause instanceof HttpException)) tickets.refuse('unavailable', origin);
        throw cause;
      });
      const found = await withDeadline<Awaited<typeof asked> | 'late'>(asked, RESOLVE_TIMEOUT_MS, clock, 'late');
      if (found === 'late') throw tickets.refuse('unavailable', origin);
      // Whatever a JavaScript application answers for nobody.
      if (typeof found !== 'object' || found === null) throw tickets.refuse('unauthenticated', origin);
      return tickets.issue(found, { origin, gateway });
    }
  }
  return TicketController;
}

function refuse(problem: string, fix: string): never {
  throw new SecureWsBootError([{ where: 'createTicketController()', problem, fix }]);
}
