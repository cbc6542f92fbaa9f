import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';

/** Lets in whoever sends one of the tokens as `Authorization: Bearer ...`; everybody else gets `401`. */
@Injectable()
export class MetricsTokenGuard implements CanActivate {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly KeyObject[]) {
    this.#digests = tokens.map((token) => digestOf(token.export()));
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { headers } = http.getRequest<{ readonly headers: { readonly authorization?: unknown } }>();
    const [, token = ''] = /^Bearer +(\S+) *$/i.exec(String(headers.authorization)) ?? [];
    const presented = digestOf(Buffer.from(token, 'latin1'));
    // Every one is compared: the time must not tell which was meant.
    const isKnown = this.#digests.filter((digest) => timingSafeEqual(digest, presented)).length > 0;
    if (isKnown) return true;
    // The response of Express or of Fastify.
    http.getResponse<{ header(name: string, value: string): unknown }>().header('WWW-Authenticate', 'Bearer');
    throw new UnauthorizedException();
  }
}

/** Of one length for all, as the comparison wants it. */
function digestOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
