import {
  Controller,
  HttpCode,
  Inject,
  type OnModuleInit,
  Post,
  Req,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Clock } from '../../core/clock.js';
import { readAtOnce, readRoute } from '../../core/read-route.js';
import { OwnRoute } from '../../nest/own-route.js';
import { AuthenticationError } from '../authenticator.js';
import { TooManyRefusedError } from '../notices/notice-limits.js';
import { setErrorOf, type SetError } from './set-answer.js';
import { readSetBody, type SetRequest } from './set-body.js';
import { WsSharedSignals } from './ws-shared-signals.js';

/** What the responses of Express and of Fastify have in common. */
interface Answer {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** How a Fastify instance is taught a media type. */
interface ParsesBodies {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: null, body: unknown) => void) => void,
  ): unknown;
}

const MEDIA_TYPE = 'application/secevent+jwt';

/** What {@link createSharedSignalsController} makes. */
export interface SharedSignalsControllerOptions {
  /** @default 'shared-signals' */
  readonly path?: string;
}

/**
 * Makes a controller that takes the security event tokens of `authentication.oauth.sharedSignals` (RFC 8935): `POST` of
 * `application/secevent+jwt`, answered `202`; `400` with `err` and `description` for one that is refused; `429` for a sender
 * whose tokens are refused over and over; `503`. List it among the `controllers` of a module, and register its URL with the
 * stream. A guard for all routes has to let it pass: the token is its credential.
 *
 * The boot fails where neither the module nor a gateway has `sharedSignals`.
 *
 * @throws {SecureWsBootError} for an option that there is not, and a path that is none.
 */
export function createSharedSignalsController(options: SharedSignalsControllerOptions = {}): Type {
  const path = readAtOnce(options, 'createSharedSignalsController()', (reader) => readRoute(reader, 'shared-signals'));
  // The stream knows one URL, whichever version the API of the application has.
  @OwnRoute('createSharedSignalsController().path')
  @Controller({ path, version: VERSION_NEUTRAL })
  class SharedSignalsController implements OnModuleInit {
    constructor(
      @Inject(WsSharedSignals) private readonly signals: WsSharedSignals,
      @Inject(Clock) private readonly clock: Clock,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    ) {
      signals.hasRoute = true;
    }

    // Not earlier: a testing module is put together before it has a server.
    onModuleInit(): void {
      const { httpAdapter } = this.host;
      if (httpAdapter.getType() === 'fastify') passBody(httpAdapter.getInstance<ParsesBodies>());
    }

    @Post()
    @HttpCode(202)
    async receive(@Req() request: SetRequest, @Res({ passthrough: true }) response: Answer): Promise<SetError | void> {
      response.header('Cache-Control', 'no-store');
      const token = await readSetBody(request, this.clock);
      // What is left of a body that is too long or too slow is not waited for.
      if (token === undefined) response.header('Connection', 'close');
      try {
        await this.signals.receive(token, request);
      } catch (error) {
        if (error instanceof AuthenticationError) {
          response.status(400);
          return setErrorOf(error.failure);
        }
        const isTooMany = error instanceof TooManyRefusedError;
        response.header('Retry-After', isTooMany ? '60' : '5');
        response.status(isTooMany ? 429 : 503);
      }
    }
  }
  return SharedSignalsController;
}

/** Fastify answers `415` for a media type that it does not know. The body is read here, as on Express. */
function passBody(fastify: ParsesBodies): void {
  if (fastify.hasContentTypeParser(MEDIA_TYPE)) return;
  fastify.addContentTypeParser(MEDIA_TYPE, (_request, payload, done) => {
    done(null, payload);
  });
}
