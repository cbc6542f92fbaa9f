import {
  Catch,
  type ExceptionFilter,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { concat, type Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const MARKER = 'db-password-1234';

const cycle = (): unknown => {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
};
const fail = (): never => {
  throw new Error(MARKER);
};

/** What the handler does; by name, so that one gateway serves all. */
const RESULTS: Readonly<Record<string, () => unknown>> = {
  'returns a BigInt': () => 1n,
  'returns a BigInt inside': () => ({ balance: 1n }),
  'returns a cycle': cycle,
  'returns a throwing getter': () => Object.defineProperty({}, 'x', { enumerable: true, get: fail }) as unknown,
  'returns a throwing toJSON': () => ({ toJSON: fail }),
  'returns a throwing proxy': () => new Proxy({}, { get: fail, ownKeys: fail }),
  'returns a cycle as Nest response': () => ({ event: 'x', data: cycle() }),
  'promises a BigInt': () => Promise.resolve(1n),
  throws: fail,
  'throws a string': () => {
    throw MARKER;
  },
  'throws undefined': () => {
    throw undefined;
  },
  'throws null': () => {
    throw null;
  },
  'throws a cycle': () => {
    throw cycle();
  },
  'throws something that cannot be read': () => {
    throw new Proxy({}, { get: fail });
  },
  rejects: () => Promise.reject(new Error(MARKER)),
  'rejects with a string': () => Promise.reject(MARKER),
  'rejects with undefined': () => Promise.reject(undefined),
  'returns a failing Observable': () => throwError(() => new Error(MARKER)),
  'returns an Observable of a BigInt': () => of(1n),
  'promises a failing Observable': () => Promise.resolve(throwError(() => new Error(MARKER))),
  'returns a failing async iterable': () => failingIterable(),
};

async function* failingIterable(): AsyncGenerator<unknown> {
  await Promise.resolve();
  yield* [] as unknown[];
  fail();
}

@WebSocketGateway({ path: '/crash' })
@WsAuthorize()
class CrashGateway {
  static result: () => unknown = () => undefined;

  @SubscribeMessage('crash')
  crash(): unknown {
    return CrashGateway.result();
  }

  @SubscribeMessage('fine')
  fine(): { fine: boolean } {
    return { fine: true };
  }

  @SubscribeMessage('half')
  half(): Observable<unknown> {
    return concat(
      of({ part: 1 }),
      throwError(() => new Error(MARKER)),
    );
  }
}

describe('a handler', () => {
  it.each(Object.keys(RESULTS))('DR-14 that %s ends neither the process nor the connection', async (name) => {
    const crashes = watchForCrashes();
    CrashGateway.result = RESULTS[name] as () => unknown;
    const app = await startApp({ providers: [CrashGateway] });
    const client = await connect(`${app.url}/crash`, { token: app.token() });
    const reply = await client.request('crash');
    expectError(reply, 'INTERNAL');
    expect(JSON.stringify(reply)).not.toContain(MARKER);
    expect(await client.request('fine')).toMatchObject({ data: { fine: true } });
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'INTERNAL', owasp: 'sys_crash' }]);
    expect(crashes).toEqual([]);
  });

  it('DR-14 that fails in the middle of a stream is answered for what is missing', async () => {
    const crashes = watchForCrashes();
    const app = await startApp({ providers: [CrashGateway] });
    const client = await connect(`${app.url}/crash`, { token: app.token() });
    expect(await client.request('half')).toMatchObject({ data: { part: 1 } });
    expectError(await client.next(), 'INTERNAL');
    expect(await client.request('fine')).toMatchObject({ data: { fine: true } });
    expect(crashes).toEqual([]);
  });
});

@Catch()
class ThrowingFilter implements ExceptionFilter {
  catch(): void {
    fail();
  }
}

@Catch()
class RejectingFilter implements ExceptionFilter {
  catch(): Promise<void> {
    return Promise.reject(new Error(MARKER));
  }
}

@Injectable()
class Failing {
  canActivate(): never {
    return fail();
  }

  intercept(): never {
    return fail();
  }

  transform(): never {
    return fail();
  }
}

@WebSocketGateway({ path: '/chain' })
@WsAuthorize()
class ChainGateway {
  @UseFilters(ThrowingFilter)
  @SubscribeMessage('throwing-filter')
  throwingFilter(): void {
    fail();
  }

  @UseFilters(new RejectingFilter())
  @SubscribeMessage('rejecting-filter')
  rejectingFilter(): void {
    fail();
  }

  @UseGuards(Failing)
  @SubscribeMessage('guard')
  guard(): void {}

  @UseInterceptors(Failing)
  @SubscribeMessage('interceptor')
  interceptor(): void {}

  @UsePipes(Failing)
  @SubscribeMessage('pipe')
  pipe(): void {}

  @SubscribeMessage('fine')
  fine(): { fine: boolean } {
    return { fine: true };
  }
}

describe('the chain around a handler', () => {
  it.each(['throwing-filter', 'rejecting-filter', 'guard', 'interceptor'])(
    'DR-14 whose %s fails ends neither the process nor the connection',
    async (event) => {
      const crashes = watchForCrashes();
      const app = await startApp({ providers: [ChainGateway] });
      const client = await connect(`${app.url}/chain`, { token: app.token() });
      client.send(event, undefined, 'x');
      // A filter of the application may swallow the answer, but the slot is free and the next message is handled.
      expect(await untilId(client, 'fine')).toMatchObject({ data: { fine: true } });
      expect(crashes).toEqual([]);
    },
  );
});

async function untilId(client: Awaited<ReturnType<typeof connect>>, event: string): Promise<unknown> {
  client.send(event, undefined, 'last');
  for (;;) {
    const message = await client.next();
    if (message.id === 'last') return message;
    expect(JSON.stringify(message)).not.toContain(MARKER);
    expectError(message, 'INTERNAL');
  }
}
