import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  HttpException,
  HttpStatus,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  UnauthorizedException,
  UseGuards,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { WsChallengeService } from '@secure-ws/nestjs';
import type { Request, Response } from 'express';
import { SameOriginGuard } from '../web/same-origin.guard.js';
import { AccountServerClient } from './account-server-client.js';
import type { Account } from './account.js';
import { AccountsService } from './accounts.service.js';
import { LogIn } from './log-in.dto.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordHasherBusyError } from './password-hasher.js';
import { clearSessionCookie, setSessionCookie } from './session-cookie.js';
import { type Session, SESSION_MS, SessionsService } from './sessions.service.js';
import { type SocketCredential, SocketCredentials } from './socket-credentials.js';

/** RFC 6585 section 3: the request would be taken with a solved challenge. */
const PRECONDITION_REQUIRED = 428;

/** What a page learns when it logs in. */
export interface LoggedIn {
  readonly user: Account;
  /** For programs, which connect at once; a page asks for one with each attempt. */
  readonly credential: SocketCredential;
}

/** Log-in by password, log-out, and what opens the WebSocket. */
@Controller('api')
@UseGuards(SameOriginGuard)
@UsePipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, disableErrorMessages: true }))
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: SessionsService,
    private readonly credentials: SocketCredentials,
    private readonly limiter: LoginLimiter,
    private readonly challenges: WsChallengeService,
    private readonly accountServer: AccountServerClient,
  ) {}

  /** Checks a password and sets the session's cookie. After five bad ones it asks for a proof of work first. */
  @Post('login')
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async logIn(
    @Body() body: LogIn,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<LoggedIn> {
    await this.admit(body, request, response);
    const account = await this.verify(body);
    // One answer for a wrong password and an unknown user (OWASP ASVS 5.0 6.3.8).
    if (account === undefined) throw new UnauthorizedException('The user name or the password is wrong.');
    this.limiter.succeeded(addressOf(request), body.username);
    // Always a new session: one that a stranger planted before the log-in is worth nothing (ASVS 7.2.4).
    const { session, token } = await this.sessions.start(account);
    response.setHeader('Set-Cookie', setSessionCookie(token, SESSION_MS));
    return { user: account, credential: await this.credentials.issue(session, request.headers.origin) };
  }

  /** Makes what opens the WebSocket, or refreshes it in place, out of the session's cookie. */
  @Post('socket-credential')
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async credential(@Req() request: Request): Promise<SocketCredential> {
    return this.credentials.issue(await this.sessionOf(request), request.headers.origin);
  }

  /** Makes a challenge for the handshake, which asks for one while there is an attack. */
  @Post('challenge')
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async challenge(@Req() request: Request): Promise<unknown> {
    return this.challenges.issue(request);
  }

  /** Who is logged in, if anybody, and how one may log in. */
  @Get('session')
  @Header('Cache-Control', 'no-store')
  async session(@Req() request: Request): Promise<{ user: Account | null; accountServer: boolean }> {
    const session = await this.sessions.find(request.headers.cookie);
    return { user: session?.account ?? null, accountServer: this.accountServer.isThere };
  }

  /** Ends the session and every connection that it opened, in all tabs. */
  @Post('logout')
  @HttpCode(HttpStatus.NO_CONTENT)
  async logOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    const session = await this.sessions.find(request.headers.cookie);
    if (session !== undefined) {
      await this.sessions.end(session.id);
      await this.credentials.end(session);
    }
    response.setHeader('Set-Cookie', clearSessionCookie());
  }

  /** Ends every session of the account, on all devices, and every connection that they opened. */
  @Post('logout-everywhere')
  @HttpCode(HttpStatus.NO_CONTENT)
  async logOutEverywhere(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    const { account } = await this.sessionOf(request);
    const ended = await this.sessions.endAll(account);
    await Promise.all(ended.map((session) => this.credentials.end(session)));
    response.setHeader('Set-Cookie', clearSessionCookie());
  }

  private async sessionOf(request: Request): Promise<Session> {
    const session = await this.sessions.find(request.headers.cookie);
    if (session === undefined) throw new UnauthorizedException('Please log in.');
    return session;
  }

  /** Lets an attempt to log in go on. */
  private async admit({ username, solution }: LogIn, request: Request, response: Response): Promise<void> {
    const { waitMs, isSuspect } = this.limiter.take(addressOf(request), username);
    if (waitMs > 0) {
      response.setHeader('Retry-After', Math.ceil(waitMs / 1000));
      throw new HttpException('Too many attempts to log in.', HttpStatus.TOO_MANY_REQUESTS);
    }
    if (!isSuspect || (await this.challenges.verify(solution, request))) return;
    throw new HttpException({ challenge: await this.challenges.issue(request) }, PRECONDITION_REQUIRED);
  }

  private async verify({ username, password }: LogIn): Promise<Account | undefined> {
    try {
      return await this.accounts.verify(username, password);
    } catch (error) {
      if (error instanceof PasswordHasherBusyError) throw new ServiceUnavailableException(error.message);
      throw error;
    }
  }
}

/** The peer's own address: this app has no proxy in front, and a forwarding header would be the client's word. */
const addressOf = ({ socket }: Request): string => socket.remoteAddress ?? 'unknown';
