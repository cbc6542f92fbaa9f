import {
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService, WsPayload, WsPrincipal } from '@secure-ws/nestjs';
import { Transform } from 'class-transformer';
import { IsInt } from 'class-validator';
import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, bootFailure, startApp } from '../support/start-app.js';

/** Where an enhancer waits, and goes on at the word of the test. */
const pause = { reached: deferred<void>(), goOn: deferred<void>() };

async function pauseHere(): Promise<void> {
  pause.reached.resolve();
  await pause.goOn.promise;
}

@Injectable()
class WaitingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await pauseHere();
    return true;
  }
}

@Injectable()
class WaitingInterceptor implements NestInterceptor {
  async intercept(_: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await pauseHere();
    return next.handle();
  }
}

@Injectable()
class WaitingPipe implements PipeTransform {
  async transform(value: unknown, { type }: ArgumentMetadata): Promise<unknown> {
    if (type === 'body') await pauseHere();
    return value;
  }
}

/** A look-up for each message, as applications write `@CurrentUser()`. */
const Waited = createParamDecorator(async (): Promise<string> => {
  await pauseHere();
  return 'waited';
});

/** Keeps Nest's chain around a handler, and does nothing. */
@Catch(RangeError)
class NoFilter implements ExceptionFilter {
  catch(): void {}
}

class Note {
  @IsInt()
  id!: number;
}

@WebSocketGateway({ path: '/waiting' })
@WsAuthorize()
class WaitingGateway {
  static readonly ran: unknown[] = [];

  @UseGuards(WaitingGuard)
  @SubscribeMessage('guard')
  guard(@MessageBody() note: Note, @WsPrincipal() principal: { id: string }, ...rest: unknown[]): string {
    WaitingGateway.ran.push([note.id, principal.id, rest]);
    return 'guard';
  }

  @UseInterceptors(WaitingInterceptor)
  @SubscribeMessage('interceptor')
  interceptor(@MessageBody() note: Note): string {
    WaitingGateway.ran.push(note.id);
    return 'interceptor';
  }

  @SubscribeMessage('pipe')
  pipe(@MessageBody(WaitingPipe) note: Note): string {
    WaitingGateway.ran.push(note.id);
    return 'pipe';
  }

  @SubscribeMessage('parameter')
  parameter(@Waited() waited: string, @MessageBody() note: Note, ...rest: unknown[]): string {
    WaitingGateway.ran.push([waited, note.id, rest]);
    return 'parameter';
  }

  @UseFilters(NoFilter)
  @SubscribeMessage('parameter-in-chain')
  parameterInChain(@MessageBody() note: Note, @Waited() waited: string, ...rest: unknown[]): string {
    WaitingGateway.ran.push([waited, note.id, rest]);
    return 'parameter-in-chain';
  }

  @UseGuards(WaitingGuard)
  @SubscribeMessage('undecorated')
  undecorated(_client: unknown, note: Note, ...rest: unknown[]): string {
    WaitingGateway.ran.push([note.id, rest]);
    return 'undecorated';
  }
}

const start = async () => {
  pause.reached = deferred<void>();
  pause.goOn = deferred<void>();
  WaitingGateway.ran.length = 0;
  const app = await startApp({
    providers: [WaitingGateway, WaitingGuard, WaitingInterceptor, WaitingPipe],
    options: { messages: { handlerTimeoutMs: 300 } },
  });
  return { app, client: await connect(`${app.url}/waiting`, { token: app.token() }) };
};

describe('an enhancer of the application that waits', () => {
  it.each(['guard', 'interceptor', 'pipe', 'parameter', 'parameter-in-chain', 'undecorated'])(
    'AZ-15 F13 lets no handler run for a connection that was revoked meanwhile: %s',
    async (event) => {
      const { app, client } = await start();
      client.send(event, { id: 7 }, 1);
      await pause.reached.promise;
      app.app.get(WsConnectionLifecycleService).disconnect({}, 'REVOKED');
      await client.expectClose(4504);
      pause.goOn.resolve();
      await app.app.close();
      expect(WaitingGateway.ran).toEqual([]);
    },
  );

  it.each([
    ['guard', [7, 'alice', []]],
    ['interceptor', 7],
    ['pipe', 7],
    ['parameter', ['waited', 7, []]],
    ['parameter-in-chain', ['waited', 7, []]],
    ['undecorated', [7, []]],
  ])('F13 changes nothing for the handler that runs: %s', async (event, expected) => {
    const { client } = await start();
    pause.goOn.resolve();
    expect(await client.request(event, { id: 7 })).toEqual({ event, data: event, id: 1 });
    expect(WaitingGateway.ran).toEqual([expected]);
  });

  it('DR-09 F13 lets no handler run that was answered TIMEOUT before its turn came', async () => {
    const { client, app } = await start();
    client.send('guard', { id: 7 }, 1);
    await pause.reached.promise;
    expect(await client.next()).toMatchObject({ id: 1, data: { code: 'TIMEOUT' } });
    pause.goOn.resolve();
    expect(await client.request('interceptor', { id: 8 })).toMatchObject({ data: 'interceptor' });
    await app.app.close();
    expect(WaitingGateway.ran).toEqual([8]);
  });
});

@Injectable()
class PassingGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@WebSocketGateway({ path: '/called' })
@WsAuthorize()
class CalledGateway {
  @UseGuards(PassingGuard)
  @SubscribeMessage('transfer')
  transfer(@MessageBody() note: Note, ...rest: unknown[]): unknown {
    return { id: note.id, rest };
  }
}

describe('a handler with enhancers', () => {
  it('F13 keeps its arguments where code of the application calls it', async () => {
    const app = await startApp({ providers: [CalledGateway, PassingGuard] });
    expect(app.app.get(CalledGateway).transfer({ id: 1 }, true, 'more')).toEqual({ id: 1, rest: [true, 'more'] });
  });

  it('F22 F13 is as before after a boot that failed while gateways were registered', async () => {
    const before = Reflect.getMetadata('__routeArguments__', CalledGateway, 'transfer') as object;
    await bootFailure({
      providers: [CalledGateway, PassingGuard],
      options: { handshake: { origins: [APP_ORIGIN], foreignPaths: ['/called'] } },
    });
    expect(Reflect.getMetadata('__routeArguments__', CalledGateway, 'transfer')).toEqual(before);
    const app = await startApp({ providers: [CalledGateway, PassingGuard] });
    const client = await connect(`${app.url}/called`, { token: app.token() });
    expect(await client.request('transfer', { id: 1 })).toMatchObject({ data: { id: 1, rest: [] } });
  });
});

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  money!: number;
}

@WebSocketGateway({ path: '/money' })
@WsAuthorize()
class MoneyGateway {
  @SubscribeMessage('whole')
  whole(@MessageBody() payment: Payment): unknown {
    return payment.money;
  }

  @UsePipes(new ValidationPipe({ transform: true }), ValidationPipe)
  @WsPayload(Payment)
  @SubscribeMessage('part')
  part(@MessageBody() payment: Payment, @MessageBody('money') money: number): unknown {
    return [payment.money, money];
  }

  @SubscribeMessage('piped')
  piped(@MessageBody(new ValidationPipe({ transform: true })) payment: Payment): unknown {
    return payment.money;
  }
}

describe('a ValidationPipe of the application', () => {
  it.each<readonly [event: string, data: unknown]>([
    ['whole', 500],
    ['part', [500, 500]],
    ['piped', 500],
  ])('MV-18 AZ-11 F11 takes nothing that was judged through its transformation again: %s', async (event, data) => {
    // Twice: what the boot changes of the class must be undone for the next application.
    for (let times = 0; times < 2; times++) {
      const app = await startApp({
        providers: [MoneyGateway],
        configure: (nest) => {
          nest.useGlobalPipes(
            new ValidationPipe({ transform: true, transformOptions: { enableImplicitConversion: true } }),
          );
        },
      });
      const client = await connect(`${app.url}/money`, { token: app.token() });
      expect(await client.request(event, { money: 5 })).toMatchObject({ data });
      await app.app.close();
    }
    expect(Reflect.getMetadata('__pipes__', MoneyGateway.prototype.part)).toHaveLength(2);
    expect(Reflect.getMetadata('__pipes__', MoneyGateway.prototype.part)).toContain(ValidationPipe);
  });
});
