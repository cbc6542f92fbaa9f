import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SkipThrottle, Throttle, ThrottlerStorageService } from '@nestjs/throttler';
import {
  SecureGateway,
  seconds,
  type ThrottlerStorageAnswer,
  WsAuthorize,
  WsSubprotocol,
  WsThrottle,
} from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { deferred } from '../support/deferred.js';
import { Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** A gateway that was written for `@nestjs/throttler`. */
@Throttle({ default: { limit: 2, ttl: seconds(10) } })
@WebSocketGateway({ path: '/throttled' })
@WsAuthorize()
class ThrottledGateway {
  readonly handled: string[] = [];

  @SubscribeMessage('of-class')
  ofClass(): void {
    this.handled.push('of-class');
  }

  @Throttle({ default: { limit: 1, ttl: seconds(10) } })
  @SubscribeMessage('of-method')
  ofMethod(): void {
    this.handled.push('of-method');
  }

  @Throttle({ default: { limit: 1, ttl: seconds(1), blockDuration: seconds(60) } })
  @SubscribeMessage('blocking')
  blocking(): void {
    this.handled.push('blocking');
  }

  @SkipThrottle()
  @SubscribeMessage('skipped')
  skipped(): void {
    this.handled.push('skipped');
  }

  @WsThrottle({ limit: 3, ttl: seconds(10) })
  @SubscribeMessage('own-words')
  ownWords(@MessageBody() _: Text): void {
    this.handled.push('own-words');
  }
}

@SkipThrottle()
@WebSocketGateway({ path: '/skipping' })
@WsAuthorize()
class SkippingGateway {
  @WsThrottle({ limit: 1, ttl: seconds(10) })
  @SubscribeMessage('limited')
  limited(): boolean {
    return true;
  }
}

/** Two throttlers on the class; the method says more of one of them only. */
@Throttle({ short: { limit: 3, ttl: seconds(1) }, long: { limit: 4, ttl: seconds(100) } })
@WebSocketGateway({ path: '/named' })
@WsAuthorize()
class NamedGateway {
  @Throttle({ short: { limit: 2, ttl: seconds(1) } })
  @SubscribeMessage('both')
  both(): void {}

  @SkipThrottle({ short: true })
  @SubscribeMessage('long-only')
  longOnly(): void {}
}

const start = async (shape: AppShape = {}) => {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [ThrottledGateway, SkippingGateway, NamedGateway], clock, ...shape });
  const open = (path = '/throttled', sub = 'alice'): Promise<Client> =>
    connect(`${app.url}${path}`, { token: app.token({ sub }) });
  return { app, clock, open, gateway: app.app.get(ThrottledGateway) };
};

/** How many of `times` requests pass. */
async function passes(client: Client, event: string, times: number, data?: unknown): Promise<number> {
  let passed = 0;
  for (let count = 0; count < times; count++) {
    const reply = await client.request(event, data);
    if (reply.event === event) passed++;
    else expectError(reply, 'THROTTLED');
  }
  return passed;
}

describe('the decorators of @nestjs/throttler', () => {
  it.each<readonly [event: string, limit: number, data: unknown]>([
    ['of-class', 2, undefined],
    ['of-method', 1, undefined],
    ['skipped', 6, undefined],
    ['own-words', 3, { text: 'x' }],
  ])('DR-05 limit %s to %s', async (event, limit, data) => {
    const { open } = await start();
    expect(await passes(await open(), event, 6, data)).toBe(limit);
  });

  it('DR-05 F07 that skip a class leave what its method limits', async () => {
    const { open } = await start();
    expect(await passes(await open('/skipping'), 'limited', 3)).toBe(1);
  });

  it('DR-05 slide, and block for as long as they say', async () => {
    const { open, clock } = await start();
    const client = await open();
    expect(await passes(client, 'of-method', 2)).toBe(1);
    clock.advance(10_000);
    expect(await passes(client, 'of-method', 2)).toBe(1);
    await client.request('blocking');
    expect(expectError(await client.request('blocking'), 'THROTTLED').retryAfterMs).toBe(60_000);
  });

  it('DR-05 of the class hold by name where a method only speaks of another', async () => {
    const { open, clock } = await start();
    const client = await open('/named');
    expect(await passes(client, 'both', 2)).toBe(2);
    clock.advance(1000);
    expect(await passes(client, 'both', 2)).toBe(2);
    clock.advance(1000);
    // The short window has room; the long one of the class has not.
    expect(await passes(client, 'both', 2)).toBe(0);
    expect(await passes(client, 'long-only', 6)).toBe(4);
  });

  it('DP-02 stop the boot where their limit is only known later', async () => {
    @WebSocketGateway({ path: '/later' })
    @WsAuthorize()
    class LaterGateway {
      @Throttle({ default: { limit: () => 5, ttl: 1000 } })
      @SubscribeMessage('later')
      later(): void {}
    }
    const problems = await bootProblems({ providers: [LaterGateway] });
    expect(problems).toMatchObject([{ where: expect.stringContaining('LaterGateway.later') as string }]);
  });
});

describe('a ThrottlerStorage', () => {
  it('DR-05 counts each event of a principal, over all its connections', async () => {
    const storage = new ThrottlerStorageService();
    onTestFinished(() => {
      storage.onApplicationShutdown();
    });
    const { open } = await start({ options: { throttling: { storage } } });
    const [first, second, other] = [await open(), await open(), await open('/throttled', 'bob')];
    expect(await passes(first, 'of-class', 1)).toBe(1);
    expect(await passes(second, 'of-class', 3)).toBe(1);
    expect(await passes(first, 'own-words', 1, { text: 'x' })).toBe(1);
    expect(await passes(other, 'of-class', 3)).toBe(2);
    await first[Symbol.asyncDispose]();
    expect(await passes(await open(), 'of-class', 1)).toBe(0);
  });

  it.each([
    ['of two paths', ['/wide', '/narrow'], ['send', 'send'], [undefined, undefined]],
    ['of two events', ['/shared', '/shared'], ['send', 'post'], [undefined, undefined]],
    ['of two subprotocols', ['/shared', '/shared'], ['send', 'send'], ['chat.v1', 'chat.v2']],
  ] as const)('DR-05 F07 counts apart what two gateways %s do that have one name', async (_, paths, events, spoken) => {
    const storage = new ThrottlerStorageService();
    onTestFinished(() => {
      storage.onApplicationShutdown();
    });
    const limits = [
      { limit: 100, ttl: seconds(60) },
      { limit: 2, ttl: seconds(60), blockDuration: seconds(3600) },
    ] as const;
    const [Wide, Narrow] = ([0, 1] as const).map((index) => {
      @WebSocketGateway({ path: paths[index] })
      @WsAuthorize()
      class ChatGateway {
        @WsThrottle(limits[index])
        @SubscribeMessage(events[index])
        send(): void {}
      }
      const subprotocol = spoken[index];
      if (subprotocol !== undefined) WsSubprotocol(subprotocol)(ChatGateway);
      // One of two that share a path says what is spoken there.
      if (subprotocol === 'chat.v1') SecureGateway({ subprotocols: [subprotocol, 'chat.v2'] })(ChatGateway);
      return ChatGateway;
    }) as [new () => object, new () => object];
    const { url, token } = await startApp({
      providers: [
        { provide: 'wide', useClass: Wide },
        { provide: 'narrow', useClass: Narrow },
      ],
      options: { throttling: { storage } },
    });
    const open = (index: 0 | 1): Promise<Client> =>
      connect(`${url}${paths[index]}`, {
        token: token({ sub: 'alice' }),
        ...(spoken[index] !== undefined && { protocols: [spoken[index]] }),
      });
    const [wide, narrow] = [await open(0), await open(1)];
    expect(await passes(wide, events[0], 8)).toBe(8);
    expect(await passes(narrow, events[1], 3)).toBe(2);
    // The block of the one is none of the other.
    expect(await passes(wide, events[0], 1)).toBe(1);
  });

  it('DR-05 counts together what nodes on different ports do', async () => {
    const storage = new ThrottlerStorageService();
    onTestFinished(() => {
      storage.onApplicationShutdown();
    });
    const portOf = letAnyPortServeFor(65_001);
    const startNode = async (own?: number): Promise<Client> => {
      class ChatGateway {
        @WsThrottle({ limit: 2, ttl: seconds(60) })
        @SubscribeMessage('send')
        send(): void {}
      }
      WsAuthorize()(ChatGateway);
      (own === undefined ? WebSocketGateway({ path: '/chat' }) : WebSocketGateway(own, { path: '/chat' }))(ChatGateway);
      const { url, token } = await startApp({ providers: [ChatGateway], options: { throttling: { storage } } });
      const base = own === undefined ? url : `ws://127.0.0.1:${portOf()}`;
      return connect(`${base}/chat`, { token: token({ sub: 'alice' }) });
    };
    expect(await passes(await startNode(), 'send', 1)).toBe(1);
    expect(await passes(await startNode(65_001), 'send', 3)).toBe(1);
  });

  it('DP-02 is warned about where no rule asks it', async () => {
    @WebSocketGateway({ path: '/local' })
    @WsAuthorize()
    class LocalGateway {
      @WsThrottle({ limit: 2, ttl: seconds(10), by: 'connection' })
      @SubscribeMessage('local')
      local(): void {}
    }
    const warnings = async (providers: NonNullable<AppShape['providers']>) => {
      const { events } = await startApp({ ...withStorage(() => Promise.reject(new Error('unused'))), providers });
      return events.ofType('ws.config.weak').flatMap(({ option }) => (option === 'throttling.storage' ? [option] : []));
    };
    expect(await warnings([LocalGateway])).toEqual(['throttling.storage']);
    expect(await warnings([LocalGateway, ThrottledGateway])).toEqual([]);
  });

  const withStorage = (increment: () => Promise<ThrottlerStorageAnswer>): AppShape => ({
    options: { throttling: { storage: { increment } } },
  });

  it.each<readonly [what: string, increment: () => Promise<ThrottlerStorageAnswer>]>([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
    ['answers nothing', () => Promise.resolve(undefined as never)],
    ['answers something else', () => Promise.resolve({ totalHits: NaN } as never)],
  ])('DR-17 that %s refuses', async (_, increment) => {
    const { open, gateway } = await start(withStorage(increment));
    const client = await open();
    const reply = await client.request('of-class');
    expect(reply.event).toBe('error');
    expect(gateway.handled).toEqual([]);
    // What asks no storage goes on.
    expect(await client.request('skipped')).toMatchObject({ event: 'skipped' });
  });

  it('DR-17 DR-09 that never answers refuses in time, and a late answer runs nothing', async () => {
    const answer = deferred<ThrottlerStorageAnswer>();
    let asked = 0;
    const { open, gateway, clock } = await start(
      withStorage(() => {
        asked++;
        return answer.promise;
      }),
    );
    const client = await open();
    client.send('of-class', undefined, 1);
    await until(() => asked === 1, 'the storage is asked');
    clock.advance(5500);
    expectError(await client.next(), 'FORBIDDEN');
    answer.resolve({ totalHits: 1, timeToExpire: 1, isBlocked: false, timeToBlockExpire: 0 });
    expect(await client.request('skipped')).toMatchObject({ event: 'skipped' });
    expect(gateway.handled).toEqual(['skipped']);
  });

  it('DP-02 stops the boot where it is none', async () => {
    const problems = await bootProblems({ providers: [], options: { throttling: { storage: {} as never } } });
    expect(problems).toMatchObject([{ where: 'throttling.storage' }]);
  });
});
