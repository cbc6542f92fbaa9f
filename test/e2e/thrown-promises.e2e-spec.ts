import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { OnWsConnected, WsApplicationError, WsAuthorize, type WsPolicy } from '@secure-ws/nestjs';
import { concat, type Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LatePromises } from '../support/late-promises.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

const late = new LatePromises();
const { later } = late;

let make: () => unknown = () => undefined;

/** `throw later()` and its like: nothing holds a program to throwing errors. */
function fail(): never {
  throw make();
}

class Guard implements CanActivate {
  canActivate(): boolean {
    return fail();
  }
}

class Interceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, _next: CallHandler): Observable<unknown> {
    return fail();
  }
}

@Catch()
class FailingFilter implements ExceptionFilter {
  catch(): void {
    fail();
  }
}

@Catch()
class AsynchronousFilter implements ExceptionFilter {
  async catch(): Promise<void> {
    await Promise.resolve();
    fail();
  }
}

@Catch()
class AnsweringFilter implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost): void {
    host.switchToWs().getClient<{ send(text: string): void }>().send('{"event":"answered","id":"thrown"}');
  }
}

class Policy implements WsPolicy {
  authorize(): boolean {
    return fail();
  }
}

const Failing = createParamDecorator(() => fail());

@WsAuthorize()
@WebSocketGateway({ path: '/thrown' })
class ThrowingGateway {
  @SubscribeMessage('handler')
  handler(): never {
    return fail();
  }

  @SubscribeMessage('asynchronous')
  async asynchronous(): Promise<never> {
    await Promise.resolve();
    return fail();
  }

  @SubscribeMessage('stream')
  stream(): Observable<unknown> {
    return concat(of('first'), throwError(make));
  }

  @SubscribeMessage('generator')
  async *generator(): AsyncGenerator<unknown> {
    yield await Promise.resolve('first');
    fail();
  }

  @SubscribeMessage('parameter')
  parameter(@Failing() value: unknown): unknown {
    return value;
  }

  @UseGuards(Guard)
  @SubscribeMessage('guard')
  guard(): string {
    return 'not reached';
  }

  @UseInterceptors(Interceptor)
  @SubscribeMessage('interceptor')
  interceptor(): string {
    return 'not reached';
  }

  @UseFilters(FailingFilter)
  @SubscribeMessage('filter')
  filter(): never {
    return fail();
  }

  @UseFilters(AsynchronousFilter)
  @SubscribeMessage('asynchronous-filter')
  asynchronousFilter(): never {
    return fail();
  }

  @UseFilters(AnsweringFilter)
  @SubscribeMessage('answering-filter')
  answeringFilter(): never {
    return fail();
  }

  @WsAuthorize(Policy)
  @SubscribeMessage('policy')
  policy(): string {
    return 'not reached';
  }

  @SubscribeMessage('there')
  there(): string {
    return 'there';
  }
}

class Hooks {
  @OnWsConnected()
  connected(): void {
    if (late.count > 0) fail();
  }
}

const THROWN: readonly (readonly [what: string, make: () => unknown])[] = [
  ['a promise', later],
  ['an object with a promise', () => ({ of: [later()] })],
  ['an error with a promise as its cause', () => new Error('failed', { cause: later() })],
  ['a WsException with a promise', () => new WsException({ code: 'APPLICATION', profile: later() })],
  ['details with a promise', () => new WsApplicationError('GONE', { profile: later() })],
  ['an HttpException with a promise', () => new BadRequestException({ profile: later() })],
];

const EVENTS = [
  'handler',
  'asynchronous',
  'stream',
  'generator',
  'parameter',
  'guard',
  'interceptor',
  'filter',
  'asynchronous-filter',
  'answering-filter',
  'policy',
];

describe('what the application throws with a promise in it', () => {
  const app = sharedApp({ providers: [ThrowingGateway, Policy, Hooks] });
  // Each its own, with the limits of one.
  let clients = 0;
  const client = () => connect(`${app().url}/thrown`, { token: app().token({ sub: `u${++clients}` }) });

  it.each(THROWN.flatMap(([what, thrown]) => EVENTS.map((event) => [event, what, thrown] as const)))(
    'DR-14 %s throws %s: it is answered, and the rejection ends nothing',
    async (event, _what, thrown) => {
      const crashes = late.begin();
      make = thrown;
      const caller = await client();
      caller.send(event, undefined, 'thrown');
      const answers = [(await caller.next()).event];
      if (answers[0] !== 'error' && answers[0] !== 'answered') answers.push((await caller.next()).event);
      expect(answers.at(-1)).toBe(event === 'answering-filter' ? 'answered' : 'error');
      expect(late.rejectAll()).toBeGreaterThan(0);
      await caller.request('there');
      expect(crashes).toEqual([]);
    },
  );

  it('DR-14 a hook throws a promise, and its rejection ends nothing', async () => {
    const crashes = late.begin();
    make = later;
    void later().catch(() => undefined);
    const caller = await client();
    await caller.request('there');
    expect(late.rejectAll()).toBe(2);
    await caller.request('there');
    expect(crashes).toEqual([]);
  });
});
