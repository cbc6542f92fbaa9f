import type { IncomingMessage } from 'node:http';
import {
  Controller,
  Get,
  HttpCode,
  Inject,
  Options,
  Post,
  Req,
  Res,
  SetMetadata,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { OwnRoute } from '../nest/own-route.js';
import { OperationsAccess } from './operations-access.js';
import { type OperationsAsset, readOperationsAssets, readOperationsPage } from './operations-assets.js';
import { OPERATIONS_HOST, type OperationsHost } from './operations-host.js';
import { OPERATIONS_PLACE, type ResolvedOperationsOptions } from './operations.options.js';

/** What the responses of Express and of Fastify have in common. */
interface HeaderSetter {
  header(name: string, value: string): unknown;
}

/** What the page needs to open its socket. */
export interface OperationsTicket {
  readonly ticket: string;
  readonly socketPath: string;
  /** Whether there are actions for whoever asks. The socket decides: this only says what the page should show. */
  readonly mayAct: boolean;
  /** How often there are figures: a line on which none come is dead. */
  readonly refreshMs: number;
}

/**
 * Of every answer. The page may run its own files and speak to its own server, and nothing else; nobody frames it, and no text
 * becomes markup (Trusted Types).
 */
const HEADERS: readonly (readonly [name: string, value: string])[] = [
  [
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  ],
  ['Cache-Control', 'no-store'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
];

/** What `@ApiExcludeController()` of `@nestjs/swagger` sets: a document that many applications give to everybody. */
const NOT_IN_OPENAPI = ['swagger/apiExcludeController', [true]] as const;

/** Makes the controller of the page. @param gateway the class behind the page's socket. */
export function createOperationsController(options: ResolvedOperationsOptions, gateway: Type): Type {
  const page = readOperationsPage(options.path.slice(options.path.lastIndexOf('/') + 1));
  // Express gives the page with a slash at the end too, where its files are beside it.
  const pageWithSlash = readOperationsPage('.');
  const assets = readOperationsAssets();

  @SetMetadata(...NOT_IN_OPENAPI)
  @OwnRoute(`${OPERATIONS_PLACE}.path`)
  @UseGuards(...options.guards)
  @Controller({ path: options.path, version: VERSION_NEUTRAL })
  class OperationsController {
    constructor(
      @Inject(OperationsAccess) private readonly access: OperationsAccess,
      @Inject(OPERATIONS_HOST) private readonly host: OperationsHost,
    ) {}

    @Get()
    async page(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: HeaderSetter): Promise<string> {
      await this.access.operatorOf(request);
      const hasSlash = request.url?.split('?', 1)[0]?.endsWith('/') === true;
      return send(hasSlash ? pageWithSlash : page, response);
    }

    // No parameter: Express would answer a broken escape in one with 400, and nowhere else.
    @Get([...assets.keys()])
    async file(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: HeaderSetter): Promise<string> {
      await this.access.operatorOf(request);
      const asset = assets.get(nameIn(request.url));
      // Another spelling, which the router takes for the same.
      if (asset === undefined) throw this.access.notFound(request);
      return send(asset, response);
    }

    /** Express would list the methods of a route to anybody. */
    @Options(['', 'ticket', ...assets.keys()])
    options(@Req() request: IncomingMessage): never {
      throw this.access.notFound(request);
    }

    /** Opens the socket of the page, once. */
    @Post('ticket')
    @HttpCode(200)
    async ticket(
      @Req() request: IncomingMessage,
      @Res({ passthrough: true }) response: HeaderSetter,
    ): Promise<OperationsTicket> {
      const { origin } = request.headers;
      // Before anybody is asked: a browser adds the cookies of its visitor for any page, and says with each POST for which.
      if (!this.host.tickets.isPageAllowed(origin, gateway)) {
        this.access.warnOfOwnOrigin(request);
        throw this.access.refuse(request, 'origin-not-allowed');
      }
      const { principal, mayAct } = await this.access.operatorOf(request);
      const { ticket } = await this.host.tickets.issue(principal, { origin, gateway });
      for (const [name, value] of HEADERS) response.header(name, value);
      return { ticket, socketPath: options.socketPath, mayAct, refreshMs: options.refreshMs };
    }
  }
  return OperationsController;
}

/** The last part of a path. */
function nameIn(url = ''): string {
  const path = url.replace(/[?#].*$/s, '');
  return path.slice(path.lastIndexOf('/') + 1);
}

function send({ type, content }: OperationsAsset, response: HeaderSetter): string {
  for (const [name, value] of HEADERS) response.header(name, value);
  response.header('Content-Type', type);
  return content;
}
