import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import type { MetricsRefusal } from '../events/catalogue/operator-events.js';
import { blamedAddress } from '../handshake/request-address.js';
import { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ResolvedMetricsOptions } from './metrics.options.js';

/** Injects the options of the module, once they are known. */
export const METRICS_OPTIONS = Symbol('options of SecureWsMetricsModule');

/**
 * Lets in whoever sends one of the tokens as `Authorization: Bearer ...`; everybody else gets `401`. Where there are no tokens
 * the guards of the application decide, and where there is no endpoint the route is not there.
 */
@Injectable()
export class MetricsTokenGuard implements CanActivate {
  /** `undefined` without an endpoint. */
  readonly #digests: readonly Buffer[] | undefined;

  constructor(
    @Inject(METRICS_OPTIONS) { endpoint }: ResolvedMetricsOptions,
    @Inject(SecureWsRuntime) private readonly runtime: SecureWsRuntime,
  ) {
    this.#digests = endpoint?.tokens.map((token) => digestOf(token.export()));
  }

  canActivate(context: ExecutionContext): boolean {
    const digests = this.#digests;
    // As Nest says it of a path that nobody has.
    if (digests === undefined) {
      const { method, url } = context.switchToHttp().getRequest<{ readonly method: string; readonly url: string }>();
      throw new NotFoundException(`Cannot ${method} ${url}`);
    }
    if (digests.length === 0) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<{ readonly headers: { readonly authorization?: unknown } }>();
    const { authorization } = request.headers;
    const [, token = ''] = /^Bearer +(\S+) *$/i.exec(String(authorization)) ?? [];
    const presented = digestOf(Buffer.from(token, 'latin1'));
    // Every one is compared: the time must not tell which was meant.
    const isKnown = digests.filter((digest) => timingSafeEqual(digest, presented)).length > 0;
    if (isKnown) return true;
    this.#audit(request, authorization === undefined ? 'missing' : 'bad-secret');
    // The response of Express or of Fastify.
    http.getResponse<{ header(name: string, value: string): unknown }>().header('WWW-Authenticate', 'Bearer');
    throw new UnauthorizedException();
  }

  #audit(request: object, failure: MetricsRefusal): void {
    const { events, options } = this.runtime;
    const address = blamedAddress(request, options.handshake.proxies);
    events.emit({ type: 'ws.metrics.refused', failure, ...(address !== undefined && { address }) });
  }
}

/** Of one length for all, as the comparison wants it. */
function digestOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
