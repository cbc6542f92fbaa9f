import {
  Body,
  Controller,
  HttpCode,
  HttpException,
  Inject,
  Post,
  Req,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { readAtOnce, readRoute } from '../../core/read-route.js';
import { OwnRoute } from '../../nest/own-route.js';
import { AuthenticationError } from '../authenticator.js';
import { TooManyRefusedError } from '../notices/notice-limits.js';
import { WsBackChannelLogout } from './ws-back-channel-logout.js';

/** What the responses of Express and of Fastify have in common. */
interface HeaderSetter {
  header(name: string, value: string): unknown;
}

/** What {@link createBackChannelLogoutController} makes. */
export interface BackChannelLogoutControllerOptions {
  /** @default 'backchannel-logout' */
  readonly path?: string;
}

/**
 * Makes a controller that takes the log-out tokens of `authentication.oauth`: `POST` with a form, answered `200`, or `400`
 * for a token that is refused, `429` for a sender whose tokens are refused over and over, or `503`. List it among the `controllers` of a module, and register its URL at the
 * authorization server. A guard for all routes has to let it pass: the token is its credential.
 *
 * The boot fails where neither the module nor a gateway has a `backChannelLogout`.
 *
 * @throws {SecureWsBootError} for an option that there is not, and a path that is none.
 */
export function createBackChannelLogoutController(options: BackChannelLogoutControllerOptions = {}): Type {
  const place = 'createBackChannelLogoutController()';
  const path = readAtOnce(options, place, (reader) => readRoute(reader, 'backchannel-logout'));
  // The server knows one URL, whichever version the API of the application has.
  @OwnRoute('createBackChannelLogoutController().path')
  @Controller({ path, version: VERSION_NEUTRAL })
  class BackChannelLogoutController {
    constructor(@Inject(WsBackChannelLogout) private readonly logout: WsBackChannelLogout) {
      logout.hasRoute = true;
    }

    @Post()
    @HttpCode(200)
    async receive(
      @Body() body: unknown,
      @Req() request: object,
      @Res({ passthrough: true }) response: HeaderSetter,
    ): Promise<void> {
      response.header('Cache-Control', 'no-store');
      try {
        await this.logout.receive(
          (body as { readonly logout_token?: unknown } | null | undefined)?.logout_token,
          request,
        );
      } catch (error) {
        const isTooMany = error instanceof TooManyRefusedError;
        if (isTooMany) response.header('Retry-After', '60');
        const [status, word] =
          error instanceof AuthenticationError
            ? [400, 'invalid_request']
            : [isTooMany ? 429 : 503, 'temporarily_unavailable'];
        throw new HttpException({ error: word }, status, { cause: error });
      }
    }
  }
  return BackChannelLogoutController;
}
