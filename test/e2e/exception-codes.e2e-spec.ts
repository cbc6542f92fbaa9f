import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  GatewayTimeoutException,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { WsErrorCode } from '@secure-ws/protocol';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

@WebSocketGateway({ path: '/throwing' })
@WsAuthorize()
class ThrowingGateway {
  exception: unknown;

  @SubscribeMessage('act')
  act(): void {
    throw this.exception;
  }
}

describe('an exception of a handler', () => {
  const app = sharedApp({ providers: [ThrowingGateway] });

  it.each<readonly [code: WsErrorCode, what: string, exception: unknown]>([
    ['FORBIDDEN', 'a WsException with a text', new WsException('no')],
    ['FORBIDDEN', 'a WsException with a code of its own', new WsException({ code: 'NO_SUCH_CODE' })],
    ['FORBIDDEN', 'a WsException with the name of a method', new WsException({ code: 'toString' })],
    ['VALIDATION_FAILED', 'a WsException with a code', new WsException({ code: 'VALIDATION_FAILED' })],
    ['STEP_UP_REQUIRED', 'a WsException with another code', new WsException({ code: 'STEP_UP_REQUIRED' })],
    ['VALIDATION_FAILED', '400', new BadRequestException()],
    ['FORBIDDEN', '401', new UnauthorizedException()],
    ['FORBIDDEN', '403', new ForbiddenException()],
    ['FORBIDDEN', '404, which answers like 403', new NotFoundException()],
    ['FORBIDDEN', '409', new ConflictException()],
    ['VALIDATION_FAILED', '422', new UnprocessableEntityException()],
    ['THROTTLED', '429', new HttpException('slow down', 429)],
    ['INTERNAL', '500', new InternalServerErrorException()],
    ['OVERLOADED', '503', new ServiceUnavailableException()],
    ['TIMEOUT', '504', new GatewayTimeoutException()],
    ['INTERNAL', 'an Error', new Error('no')],
    ['INTERNAL', 'a TypeError', new TypeError('no')],
    ['INTERNAL', 'a text', 'no'],
  ])('OD-01 OD-02 becomes %s: %s', async (code, _, exception) => {
    const { url, token, app: nest } = app();
    nest.get(ThrowingGateway).exception = exception;
    const client = await connect(`${url}/throwing`, { token: token() });
    const reply = await client.request('act');
    expectError(reply, code);
    // What the exception says is for the operator.
    expect(JSON.stringify(reply)).not.toMatch(/"no"|slow down|NO_SUCH_CODE|toString/);
  });

  it('OD-02 says when to come back, where the application does', async () => {
    const { url, token, app: nest } = app();
    nest.get(ThrowingGateway).exception = new WsException({ code: 'THROTTLED', retryAfterMs: 1500.2 });
    const client = await connect(`${url}/throwing`, { token: token() });
    expect(expectError(await client.request('act'), 'THROTTLED').retryAfterMs).toBe(1501);
  });
});
