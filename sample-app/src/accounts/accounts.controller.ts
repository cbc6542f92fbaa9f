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
import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import type { Request, Response } from 'express';
import { SameOriginGuard } from '../web/same-origin.guard.js';
import { AccessTokenService, type AccessToken } from './access-token.service.js';
import type { Account } from './account.js';
import { AccountsService } from './accounts.service.js';
import { LogIn } from './log-in.dto.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordHasherBusyError } from './password-hasher.js';
import { clearSessionCookie, setSessionCookie } from './session-cookie.js';
import { SESSION_MS, SessionsService } from './sessions.service.js';

/** What a page learns when it logs in. */
export interface LoggedIn extends AccessToken {
  readonly user: Account;
}

/** Log-in, log-out and the tokens for the WebSocket. */
@Controller('api')
@UseGuards(SameOriginGuard)
@UsePipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, disableErrorMessages: true }))
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: SessionsService,
    private readonly tokens: AccessTokenService,
    private readonly limiter: LoginLimiter,
    private readonly connections: WsConnectionLifecycleService,
  ) {}

  /** Checks a password; answers with a token for the WebSocket and sets the session's cookie. */
  @Post('login')
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async logIn(
    @Body() body: LogIn,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<LoggedIn> {
    // The peer's own address: this app has no proxy in front, and a forwarding header would be the client's word.
    const address = request.socket.remoteAddress ?? 'unknown';
    const waitMs = this.limiter.take(address, body.username);
    if (waitMs > 0) {
      response.setHeader('Retry-After', Math.ceil(waitMs / 1000));
      throw new HttpException('Too many attempts to log in.', HttpStatus.TOO_MANY_REQUESTS);
    }
    const account = await this.verify(body);
    // One answer for a wrong password and an unknown user (OWASP ASVS 5.0 6.3.8).
    if (account === undefined) throw new UnauthorizedException('The user name or the password is wrong.');
    this.limiter.succeeded(address, body.username);
    // Always a new session: one that a stranger planted before the log-in is worth nothing (ASVS 7.2.4).
    const { session, token } = await this.sessions.start(account);
    response.setHeader('Set-Cookie', setSessionCookie(token, SESSION_MS));
    return { user: account, ...(await this.tokens.mint(session)) };
  }

  /** Makes a new token for the WebSocket out of the session's cookie. */
  @Post('token')
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async token(@Req() request: Request): Promise<LoggedIn> {
    const session = await this.sessions.find(request.headers.cookie);
    if (session === undefined) throw new UnauthorizedException('Please log in.');
    return { user: session.account, ...(await this.tokens.mint(session)) };
  }

  /** Who is logged in, if anybody. */
  @Get('session')
  @Header('Cache-Control', 'no-store')
  async session(@Req() request: Request): Promise<{ user: Account | null }> {
    return { user: (await this.sessions.find(request.headers.cookie))?.account ?? null };
  }

  /** Ends the session and every connection that it opened, in all tabs. */
  @Post('logout')
  @HttpCode(HttpStatus.NO_CONTENT)
  async logOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    const session = await this.sessions.find(request.headers.cookie);
    if (session !== undefined) {
      await this.sessions.end(session.id);
      this.connections.disconnect({ sessionId: session.id }, 'LOGGED_OUT');
    }
    response.setHeader('Set-Cookie', clearSessionCookie());
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
