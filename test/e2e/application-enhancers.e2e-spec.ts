import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
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
import { deny, grant, WsApplicationError, WsAuthorize, type WsPolicy, type WsPolicyContext } from '@secure-ws/nestjs';
import { Transform } from 'class-transformer';
import { IsIn, IsInt } from 'class-validator';
import { map, type Observable } from 'rxjs';
import type { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

class Cup {
  @IsIn(['at-once', 'late'])
  when!: string;
}

class Journal {
  readonly steps: string[] = [];
}

@Injectable()
class UpTo500 implements WsPolicy<Payment> {
  constructor(private readonly journal: Journal) {}

  authorize({ data }: WsPolicyContext<Payment>) {
    this.journal.steps.push(`policy ${data.cents}`);
    return data.cents <= 500 ? grant(undefined) : deny();
  }
}

@Injectable()
class JournalGuard implements CanActivate {
  static answer = true;

  constructor(private readonly journal: Journal) {}

  canActivate(context: ExecutionContext): boolean {
    this.journal.steps.push(`guard ${context.getType()} ${context.switchToWs().getPattern()}`);
    return JournalGuard.answer;
  }
}

@Injectable()
class JournalInterceptor implements NestInterceptor {
  constructor(private readonly journal: Journal) {}

  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.journal.steps.push('interceptor');
    return next.handle().pipe(map((value: object) => ({ ...value, wrapped: true })));
  }
}

@Injectable()
class JournalPipe implements PipeTransform {
  constructor(private readonly journal: Journal) {}

  transform(value: unknown): unknown {
    if (value instanceof Payment) this.journal.steps.push(`pipe ${value.cents}`);
    return value;
  }
}

class Teapot extends Error {}

@Catch(Teapot)
class TeapotFilter implements ExceptionFilter {
  catch(_: Teapot, host: ArgumentsHost): void {
    host
      .switchToWs()
      .getClient<WebSocket>()
      .send(JSON.stringify({ event: 'teapot' }));
  }
}

class SoldOut extends Error {}

/** Chooses the answer by throwing it, at once or later. */
@Catch(SoldOut)
class SoldOutFilter implements ExceptionFilter {
  catch({ message }: SoldOut): Promise<never> {
    const answer = new WsApplicationError('SOLD_OUT');
    if (message === 'late') return Promise.reject(answer);
    throw answer;
  }
}

@WebSocketGateway({ path: '/pay' })
@UseGuards(JournalGuard)
@UseInterceptors(JournalInterceptor)
@UsePipes(JournalPipe, new ValidationPipe({ transform: true, whitelist: true }))
@UseFilters(TeapotFilter, SoldOutFilter)
class PaymentGateway {
  constructor(private readonly journal: Journal) {}

  @WsAuthorize(UpTo500)
  @SubscribeMessage('pay')
  pay(@MessageBody() payment: Payment): { paid: number } {
    this.journal.steps.push(`handler ${payment.cents}`);
    return { paid: payment.cents };
  }

  @WsAuthorize()
  @SubscribeMessage('teapot')
  teapot(): void {
    throw new Teapot();
  }

  @WsAuthorize()
  @SubscribeMessage('kettle')
  kettle(): void {
    throw new Error('kettle');
  }

  @WsAuthorize()
  @SubscribeMessage('cup')
  cup(@MessageBody() { when }: Cup): void {
    throw new SoldOut(when);
  }
}

const start = async (shape: AppShape = {}) => {
  JournalGuard.answer = true;
  const app = await startApp({
    providers: [PaymentGateway, UpTo500, Journal, JournalGuard, JournalInterceptor, JournalPipe],
    ...shape,
  });
  const client = await connect(`${app.url}/pay`, { token: app.token() });
  return { app, client, steps: app.app.get(Journal).steps };
};

describe("the application's own chain", () => {
  it('MV-18 runs after the checks, in the order that Nest gives it', async () => {
    const { client, steps } = await start();
    expect(await client.request('pay', { cents: 3 })).toEqual({
      event: 'pay',
      id: 1,
      data: { paid: 300, wrapped: true },
    });
    expect(steps).toEqual(['policy 300', 'guard ws pay', 'interceptor', 'pipe 300', 'handler 300']);
  });

  it('MV-18 AZ-11 gives the handler what the policy judged, whatever ValidationPipe would make of it', async () => {
    const globalPipe = (app: { useGlobalPipes(pipe: ValidationPipe): unknown }) => {
      app.useGlobalPipes(new ValidationPipe({ transform: true }));
    };
    const { client, steps } = await start({ configure: globalPipe });
    expect(await client.request('pay', { cents: 5 })).toMatchObject({ data: { paid: 500 } });
    expect(steps.filter((step) => step.startsWith('policy') || step.startsWith('handler'))).toEqual([
      'policy 500',
      'handler 500',
    ]);
  });

  it('MV-18 does not run for a message that the policy refuses, or that is not valid', async () => {
    const { client, steps } = await start();
    expectError(await client.request('pay', { cents: 6 }), 'FORBIDDEN');
    expectError(await client.request('pay', { cents: 'much' }), 'VALIDATION_FAILED');
    expect(steps).toEqual(['policy 600']);
  });

  it('AZ-09 refuses with FORBIDDEN where a guard does', async () => {
    const { client, steps } = await start();
    JournalGuard.answer = false;
    expectError(await client.request('pay', { cents: 3 }), 'FORBIDDEN');
    expect(steps).toEqual(['policy 300', 'guard ws pay']);
  });

  it('OD-02 leaves an exception to a filter of the application, and answers the others', async () => {
    const { client } = await start();
    client.send('teapot');
    expect(await client.next()).toEqual({ event: 'teapot' });
    expectError(await client.request('kettle'), 'INTERNAL');
    expect(client.unread).toEqual([]);
  });

  it('F34 answers a message with an id, unless the filter of the application has', async () => {
    const { client, app } = await start();
    client.send('teapot', undefined, 7);
    expect(await client.next()).toEqual({ event: 'teapot' });
    const answer = await client.next();
    expect(answer.id).toBe(7);
    expectError(answer, 'INTERNAL');
    client.send('kettle', undefined, 8);
    expect((await client.next()).id).toBe(8);
    expect(client.unread).toEqual([]);
    // F39: what a filter swallows is on record.
    expect(app.events.ofType('ws.message.refused').map(({ reason }) => reason)).toEqual([
      'handler-failed',
      'handler-failed',
    ]);
  });

  it.each(['at-once', 'late'])(
    'F39 lets a filter choose the answer by throwing it %s, which is no fault',
    async (when) => {
      const { client, app } = await start();
      expect(await client.request('cup', { when })).toMatchObject({
        data: { code: 'APPLICATION', reason: 'SOLD_OUT' },
      });
      expect(app.events.ofType('ws.message.refused').map(({ reason }) => reason)).toEqual(['application-filter']);
      expect(app.events.ofType('ws.application.failed')).toEqual([]);
    },
  );
});
