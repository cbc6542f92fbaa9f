import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  GatewayTimeoutException,
  GoneException,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { WsErrorCode } from '@secure-ws/protocol';
import { WsApplicationError, WsAuthorize } from '@secure-ws/nestjs';
import { Expose } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp, startApp } from '../support/start-app.js';

@WebSocketGateway({ path: '/throwing' })
@WsAuthorize()
class ThrowingGateway {
  exception: unknown;

  @SubscribeMessage('act')
  act(): void {
    throw this.exception;
  }
}

class RoomFull {
  @Expose()
  capacity!: number;
}

class Row {
  id = 1;
  passwordHash = 'hunter2';
}

describe('an exception of a handler', () => {
  const app = sharedApp({ providers: [ThrowingGateway] });

  it.each<readonly [code: WsErrorCode, what: string, exception: unknown]>([
    ['APPLICATION', 'a WsException with a text', new WsException('no')],
    ['FORBIDDEN', 'what Nest throws where a guard says no', new WsException('Forbidden resource')],
    ['FORBIDDEN', 'a WsException with the name of a method', new WsException({ code: 'toString' })],
    ['VALIDATION_FAILED', 'a WsException with a code', new WsException({ code: 'VALIDATION_FAILED' })],
    ['STEP_UP_REQUIRED', 'a WsException with another code', new WsException({ code: 'STEP_UP_REQUIRED' })],
    ['VALIDATION_FAILED', '400', new BadRequestException()],
    ['FORBIDDEN', '401', new UnauthorizedException()],
    ['FORBIDDEN', '403', new ForbiddenException()],
    ['FORBIDDEN', '404, which answers like 403', new NotFoundException()],
    ['FORBIDDEN', '410', new GoneException()],
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

  it.each<readonly [what: string, exception: () => unknown, data: object]>([
    ['its own', () => new WsApplicationError('ROOM_FULL'), { reason: 'ROOM_FULL' }],
    [
      'its own, with what the client may know',
      () => new WsApplicationError('ROOM_FULL', { capacity: 50, rooms: [{ id: 'a' }] }),
      { reason: 'ROOM_FULL', details: { capacity: 50, rooms: [{ id: 'a' }] } },
    ],
    [
      'its own, with a DTO of which only the declared properties go out',
      () => new WsApplicationError('ROOM_FULL', Object.assign(new RoomFull(), { capacity: 5, secret: 'hunter2' })),
      { reason: 'ROOM_FULL', details: { capacity: 5 } },
    ],
    [
      'its own, with an entity, which stays here',
      () => new WsApplicationError('TAKEN', new Row()),
      { reason: 'TAKEN' },
    ],
    [
      'its own, with an entity inside, which stays here',
      () => new WsApplicationError('TAKEN', { by: [new Row()] }),
      { reason: 'TAKEN' },
    ],
    ['that of a WsException', () => new WsException({ code: 'ROOM_FULL' }), { reason: 'ROOM_FULL' }],
    ['409', () => new ConflictException(), { reason: 'CONFLICT' }],
    ['418', () => new HttpException('short and stout', 418), { reason: 'I_AM_A_TEAPOT' }],
    ['a text', () => new WsException('hunter2'), {}],
  ])('OD-01 F33 becomes APPLICATION with the code that the application chose: %s', async (_what, exception, data) => {
    const { url, token, app: nest } = app();
    nest.get(ThrowingGateway).exception = exception();
    const client = await connect(`${url}/throwing`, { token: token() });
    const reply = await client.request('act');
    const { code, message, correlationId: _, ...rest } = expectError(reply, 'APPLICATION');
    expect([code, message]).toEqual(['APPLICATION', 'The application refused the request.']);
    expect(rest).toEqual(data);
    expect(reply.id).toBe(1);
    expect(JSON.stringify(reply)).not.toMatch(/hunter2|stout/);
  });

  it('OD-05 is answered alike for what is not there, what is gone and what is somebody else’s', async () => {
    const { url, token, app: nest } = app();
    const client = await connect(`${url}/throwing`, { token: token() });
    const answers: object[] = [];
    for (const exception of [new ForbiddenException(), new NotFoundException('no order 7'), new GoneException()]) {
      nest.get(ThrowingGateway).exception = exception;
      const { correlationId: _, ...rest } = expectError(await client.request('act'), 'FORBIDDEN');
      answers.push(rest);
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('OD-03 sends path and rule of the issues that an application names, of five at most', async () => {
    const { url, token, app: nest } = app();
    const issue = { path: 'card', rule: 'isCard', value: 'hunter2', target: { password: 'hunter2' } };
    nest.get(ThrowingGateway).exception = new WsException({
      code: 'VALIDATION_FAILED',
      issues: ['hunter2', { path: 1, rule: 'hunter2' }, ...Array.from({ length: 7 }, () => issue)],
    });
    const client = await connect(`${url}/throwing`, { token: token() });
    const { issues } = expectError(await client.request('act'), 'VALIDATION_FAILED');
    expect(issues).toEqual(Array.from({ length: 5 }, () => ({ path: 'card', rule: 'isCard' })));
  });

  it('F33 refuses a reason that is a sentence', () => {
    expect(() => new WsApplicationError('The room is full')).toThrow(TypeError);
  });

  it('F33 is told in its own words in development', async () => {
    const development = await startApp({ providers: [ThrowingGateway], options: { detailedErrors: true } });
    development.app.get(ThrowingGateway).exception = new WsException('Room is full');
    const client = await connect(`${development.url}/throwing`, { token: development.token() });
    expect(expectError(await client.request('act'), 'APPLICATION').message).toBe('Room is full');
  });

  it('OD-02 says when to come back, where the application does', async () => {
    const { url, token, app: nest } = app();
    nest.get(ThrowingGateway).exception = new WsException({ code: 'THROTTLED', retryAfterMs: 1500.2 });
    const client = await connect(`${url}/throwing`, { token: token() });
    expect(expectError(await client.request('act'), 'THROTTLED').retryAfterMs).toBe(1501);
  });
});
