import {
  ForbiddenException,
  HttpException,
  HttpStatus,
  ServiceUnavailableException,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import { addressKey, UNKNOWN_ADDRESS_KEY } from '../../core/address-key.js';
import type { Clock } from '../../core/clock.js';
import { ANONYMOUS_KIND, makePrincipal, type Principal, type PrincipalInput } from '../../core/principal.js';
import type { ThrottleRule } from '../../core/rate-windows.js';
import type { TicketRefusalReason } from '../../events/event-reasons.js';
import type { SecurityEvents } from '../../events/security-events.js';
import { principalKey } from '../../store/store-keys.js';
import { type SecureWsStore, SecureWsStoreError } from '../../store/secure-ws.store.js';
import { MAX_TICKET_TTL_MS } from './ticket.options.js';
import type { TicketVault } from './ticket-vault.js';

/** What a ticket is bound to. */
export interface WsTicketOptions {
  /**
   * The `Origin` of the request that asks, which its handshake must have as well. `undefined` for a client that sends none: its
   * handshake must have none either.
   */
  readonly origin: string | undefined;
  /**
   * The address of the request that asks, from which alone the ticket can then be used (IPv6: the same /64). It must be that of
   * the client, as `handshake.trustedProxies` finds it: behind a proxy that takes the `trust proxy` of the HTTP side as well.
   *
   * @default any
   */
  readonly address?: string | undefined;
  /** The scopes of the connection, each of them one of the principal's. @default all of the principal's */
  readonly scopes?: readonly string[];
  /** Milliseconds; at most 60,000. @default authentication.tickets.ttlMs */
  readonly ttlMs?: number;
  /** The class of the gateway that it is for, where its `@SecureGateway` sets `authentication` or `origins`. */
  readonly gateway?: Type | undefined;
}

/** A ticket, for the page that asked. */
export interface WsTicket {
  /** Sent as `ticket.<ticket>` beside `json.v1` in the list of subprotocols, or as `Authorization: Ticket <ticket>`. */
  readonly ticket: string;
  readonly expiresInMs: number;
}

/** Where tickets are taken: the module's paths, or those of one gateway. */
export interface TicketAudience {
  /** The block of the authenticator that takes them; `undefined` where none does. */
  readonly block: string | undefined;
  /** Judges an `Origin`. @returns its normal form; `false` where it is not allowed, `undefined` where there is none. */
  readonly judgeOrigin: (field: string | undefined) => string | false | undefined;
}

/** What a {@link WsTicketService} is made of. */
export interface WsTicketServiceParts {
  readonly vault: TicketVault;
  readonly store: SecureWsStore;
  readonly clock: Clock;
  readonly events: SecurityEvents;
  /** How often one principal may ask. */
  readonly rate: ThrottleRule;
  readonly ttlMs: number;
  readonly module: TicketAudience;
}

/** The longest part of an `Origin` that is audited. */
const MAX_AUDITED_ORIGIN = 200;

/**
 * Makes tickets, for an HTTP route that knows who asks. Injectable. A ticket opens one connection, within a minute, of the
 * origin that it was made for, and the connection is what its principal is: expiry, session, token and key ids included
 * (OWASP ASVS 5.0 4.4.3, 4.4.4; AN-05).
 *
 * @example
 * ```ts
 * @Post('ws-ticket')
 * issue(@Req() request: Request) {
 *   const { userId, sessionId, expiresAt } = request.user;
 *   const principal = { issuer: 'shop', id: userId, sessionId, expiresAt };
 *   return this.tickets.issue(principal, { origin: request.headers.origin });
 * }
 * ```
 */
export class WsTicketService {
  readonly #gateways = new WeakMap<object, TicketAudience>();

  /** @internal */
  constructor(private readonly parts: WsTicketServiceParts) {}

  /** @internal Whether tickets are taken anywhere. */
  get isConfigured(): boolean {
    return this.parts.module.block !== undefined;
  }

  /** @internal Notes what a `@SecureGateway` sets. */
  addGateway(gateway: object, audience: TicketAudience): void {
    this.#gateways.set(gateway, audience);
  }

  /**
   * Makes a ticket.
   *
   * One principal gets as many as `handshake.limits.ratePerPrincipal` says: a ticket takes room until it is used or lapses.
   *
   * @param principal who asks: what the HTTP side knows of them, or a principal of this module, whose `key` the connection
   * then has as well. Claims are kept as JSON. A principal without `expiresAt` has none on its connection either.
   * @throws TypeError where `authentication.tickets` is not set, and for a principal or an option that cannot be.
   * @throws ForbiddenException for an origin that may not connect, and for a scope that the principal does not have.
   * @throws UnauthorizedException for a principal that has expired.
   * @throws HttpException with status 429 when a principal asks too often, and 503 when the store has no answer.
   */
  async issue(principal: Principal | PrincipalInput, options: WsTicketOptions): Promise<WsTicket> {
    const { clock, vault, events } = this.parts;
    const audience = this.#audienceOf(options.gateway);
    const { ttlMs = this.parts.ttlMs } = options;
    if (!(Number.isSafeInteger(ttlMs) && ttlMs > 0 && ttlMs <= MAX_TICKET_TTL_MS)) {
      throw new TypeError(`A ticket lasts a whole number of milliseconds from 1 to ${MAX_TICKET_TTL_MS}.`);
    }
    const origin = audience.judgeOrigin(options.origin);
    if (origin === false) throw this.refuse('origin-not-allowed', options.origin);
    const now = clock.now();
    const { key, ...identity } = readPrincipal(principal, audience.block, now);
    const { expiresAt = Infinity } = identity;
    if (expiresAt <= now) throw this.refuse('identity-expired', options.origin, key);
    const { scopes = identity.scopes } = options;
    if (!scopes.every((scope) => identity.scopes.includes(scope))) throw this.refuse('scopes', options.origin, key);
    const address = options.address === undefined ? undefined : boundAddress(options.address);
    const content = {
      audience: audience.block,
      principal: { ...identity, scopes },
      ...(origin !== undefined && { origin }),
      ...(address !== undefined && { address }),
    };
    let ticket: string | undefined;
    try {
      if ((await this.#wait(key)) === 0) ticket = await vault.put(content, ttlMs);
    } catch (cause) {
      throw cause instanceof SecureWsStoreError ? this.refuse('unavailable', options.origin, key) : cause;
    }
    if (ticket === undefined) throw this.refuse('rate', options.origin, key);
    events.emit({ type: 'ws.ticket.issued', principal: key, ...(origin !== undefined && { origin }) });
    return { ticket, expiresInMs: ttlMs };
  }

  /** @internal Audits a refusal. @returns what the route throws; its text says nothing of the request. */
  refuse(reason: TicketRefusalReason, origin: string | undefined, principal?: string): HttpException {
    this.parts.events.emit({
      type: 'ws.ticket.refused',
      reason,
      ...(origin !== undefined && { origin: String(origin).slice(0, MAX_AUDITED_ORIGIN) }),
      ...(principal !== undefined && { principal }),
    });
    return REFUSALS[reason]();
  }

  /** @internal Whether a page of this origin may connect at all. */
  isPageAllowed(origin: string | undefined, gateway: Type | undefined): boolean {
    return typeof this.#audienceOf(gateway).judgeOrigin(origin) === 'string';
  }

  #audienceOf(gateway: Type | undefined): TicketAudience & { readonly block: string } {
    const { block, judgeOrigin } =
      (gateway === undefined ? undefined : this.#gateways.get(gateway)) ?? this.parts.module;
    if (block !== undefined) return { block, judgeOrigin };
    throw new TypeError('No gateway takes tickets here: set authentication.tickets to { }.');
  }

  /** Milliseconds until one more ticket would be made; never negative. */
  async #wait(key: string): Promise<number> {
    const { store, rate } = this.parts;
    return store.hit(principalKey({ key }), [{ ...rate, name: 'ticket-rate' }]);
  }
}

const REFUSALS: Readonly<Record<TicketRefusalReason, () => HttpException>> = {
  'origin-not-allowed': () => new ForbiddenException('This origin may not connect.'),
  unauthenticated: () => new UnauthorizedException(),
  'identity-expired': () => new UnauthorizedException(),
  scopes: () => new ForbiddenException('A ticket can only have scopes of its principal.'),
  rate: () => new HttpException('Too many requests.', HttpStatus.TOO_MANY_REQUESTS),
  unavailable: () => new ServiceUnavailableException('The server is busy.'),
};

/** Checks and copies a principal. One that this module made keeps the block that vouches for it, and with it its key. */
function readPrincipal(input: Principal | PrincipalInput, block: string, now: number): Principal {
  const made = makePrincipal(input, { block: 'block' in input ? input.block : block, kind: 'ticket', now });
  if (made.kind === ANONYMOUS_KIND) throw new TypeError('A ticket is for somebody: the principal is anonymous.');
  // A block beside a key that it does not make is a claim of somebody's token, copied with the rest.
  const isOurs = 'key' in input && input.key === made.key;
  return isOurs ? made : makePrincipal(input, { block, kind: 'ticket', now });
}

function boundAddress(address: string): string {
  const key = addressKey(address);
  if (key === UNKNOWN_ADDRESS_KEY) throw new TypeError('The address of a ticket must be an IP address.');
  return key;
}
