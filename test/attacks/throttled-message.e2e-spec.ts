import { SkipThrottle } from '@nestjs/throttler';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, seconds, WsAuthorize, WsPublic, WsThrottle, type WsThrottleValue } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { Text } from '../support/echo.gateway.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** What the functions of the gateway answer; each test sets it. */
let answer: () => unknown = () => 1;
const computed = (() => answer()) as WsThrottleValue;
const TEN = seconds(10);

@WebSocketGateway({ path: '/limits' })
@WsAuthorize()
class LimitsGateway {
  handled = 0;

  @WsThrottle({ limit: 2, ttl: TEN, by: 'connection' })
  @SubscribeMessage('by-connection')
  byConnection(): void {
    this.handled++;
  }

  @WsThrottle({ limit: 2, ttl: TEN })
  @SubscribeMessage('by-principal')
  byPrincipal(): void {
    this.handled++;
  }

  @WsThrottle({ limit: 2, ttl: TEN, by: 'address' })
  @SubscribeMessage('by-address')
  byAddress(): void {
    this.handled++;
  }

  @WsThrottle({ limit: 2, ttl: TEN, by: 'tenant' })
  @SubscribeMessage('by-tenant')
  byTenant(): void {
    this.handled++;
  }

  @WsThrottle({ limit: 1000, ttl: TEN, cost: 0, costPerByte: 1 })
  @SubscribeMessage('by-bytes')
  byBytes(@MessageBody() _: Text): void {
    this.handled++;
  }

  @WsThrottle({ limit: 10, ttl: TEN, cost: 5 })
  @SubscribeMessage('costly')
  costly(): void {
    this.handled++;
  }

  @WsThrottle({ limit: computed, ttl: TEN })
  @SubscribeMessage('computed')
  computed(): void {
    this.handled++;
  }

  @WsThrottle(
    {
      limit: async ({ bytes }) => Promise.reject(new Error(`${bytes} bytes: the plans are away`)),
      ttl: TEN,
      name: 'a',
    },
    { limit: computed, ttl: TEN, name: 'b' },
  )
  @SubscribeMessage('computed-twice')
  computedTwice(): void {
    this.handled++;
  }

  @WsThrottle({ limit: ({ principal }) => (principal.roles.includes('pro') ? 3 : 1), ttl: TEN })
  @SubscribeMessage('by-plan')
  byPlan(): void {
    this.handled++;
  }

  @WsThrottle({
    ...{ limit: ({ principal }) => (principal.roles.includes('pro') ? 3 : 0), ttl: TEN },
    ...{ by: 'tenant', blockDuration: seconds(3600) },
  })
  @SubscribeMessage('tenant-plan')
  tenantPlan(): void {
    this.handled++;
  }

  @WsThrottle({ limit: 1000, ttl: TEN, cost: 0, costPerByte: 1, by: 'address', blockDuration: seconds(3600) })
  @SubscribeMessage('address-bytes')
  addressBytes(@MessageBody() _: Text): void {
    this.handled++;
  }

  @WsThrottle({ limit: 1, ttl: TEN, mode: 'report', name: 'planned' })
  @SubscribeMessage('reported')
  reported(): void {
    this.handled++;
  }

  @WsThrottle({ limit: 1, ttl: seconds(1), name: 'short' }, { limit: 2, ttl: seconds(60), name: 'long' })
  @SubscribeMessage('windows')
  windows(): void {
    this.handled++;
  }

  @SubscribeMessage('plain')
  plain(): void {
    this.handled++;
  }

  @SkipThrottle({ everything: true })
  @SubscribeMessage('skipped')
  skipped(): void {
    this.handled++;
  }
}

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/public' })
class PublicGateway {
  @WsPublic()
  @SubscribeMessage('plain')
  plain(): boolean {
    return true;
  }
}

/** Of `alice@acme`, the tenant is `acme`. */
const principal = ({ sub, roles }: { sub?: unknown; roles?: unknown }) => {
  const [id = '', tenant] = String(sub).split('@');
  return { id, roles: roles as string[], ...(tenant !== undefined && { tenant }) };
};

const start = async ({ options = {}, ...shape }: AppShape = {}) => {
  const clock = new FakeClock(Date.now());
  const authentication = { jwt: { ...TEST_JWT, principal } };
  const app = await startApp({
    providers: [LimitsGateway, PublicGateway],
    clock,
    ...shape,
    options: { authentication, ...options },
  });
  const open = (sub = 'alice@acme', roles: readonly string[] = []): Promise<Client> =>
    connect(`${app.url}/limits`, { token: app.token({ sub, roles }) });
  return { app, clock, open, gateway: app.app.get(LimitsGateway) };
};

/** How many of `times` requests pass; the others must be throttled. */
async function passes(client: Client, event: string, times: number, data?: unknown): Promise<number> {
  let passed = 0;
  for (let count = 0; count < times; count++) {
    const reply = await client.request(event, data);
    if (reply.event === event) passed++;
    else expectError(reply, 'THROTTLED');
  }
  return passed;
}

describe.each(['express', 'fastify'] as const)('the limit of an event, on %s', (platform) => {
  it.each<readonly [event: string, left: readonly number[]]>([
    // Left for: the same principal again, another one of the tenant, and a stranger; all at one address.
    ['by-connection', [2, 2, 2]],
    ['by-principal', [0, 2, 2]],
    ['by-address', [0, 0, 0]],
    ['by-tenant', [0, 0, 2]],
  ])('DR-05 counts together what it says, and a reconnect refills nothing: %s', async (event, left) => {
    const { app, open, gateway } = await start({ platform });
    const first = await open();
    expect(await passes(first, event, 3)).toBe(2);
    await first.close();
    const others = [await open(), await open('bob@acme'), await open('carol@evil')];
    const found: number[] = [];
    for (const client of others) found.push(await passes(client, event, 2));
    expect(found).toEqual(left);
    expect(gateway.handled).toBe(2 + found.reduce((sum, passed) => sum + passed));
    const { option } = app.events.ofType('ws.message.refused')[0] ?? {};
    expect(option).toMatch(/^LimitsGateway\.by\w+ @WsThrottle default$/);
  });
});

describe('the cost of a message', () => {
  it('DR-06 counts bytes of an event', async () => {
    const { open, clock } = await start();
    const client = await open();
    expect(await passes(client, 'by-bytes', 3, { text: 'x'.repeat(400) })).toBe(2);
    // A small one still finds room: what was refused took nothing.
    expect(await passes(client, 'by-bytes', 1, { text: '' })).toBe(1);
    clock.advance(TEN + 1000);
    expect(await passes(client, 'by-bytes', 1, { text: 'x'.repeat(400) })).toBe(1);
    expect(await passes(client, 'by-bytes', 1, { text: 'x'.repeat(1000) })).toBe(0);
  });

  it('DR-05 counts as much as the event says', async () => {
    const { open } = await start();
    expect(await passes(await open(), 'costly', 4)).toBe(2);
  });

  it('DR-05 F29 a message that one window refuses uses up no other', async () => {
    const { open, clock } = await start();
    const client = await open();
    expect(await passes(client, 'windows', 10)).toBe(1);
    clock.advance(1000);
    expect(await passes(client, 'windows', 10)).toBe(1);
    clock.advance(1000);
    expect(await passes(client, 'windows', 10)).toBe(0);
  });
});

describe('what several connections share', () => {
  it.each<readonly [option: 'address' | 'tenant', reason: string]>([
    ['address', 'address-throttle'],
    ['tenant', 'tenant-throttle'],
  ])(
    'DR-05 throttling.%s holds over all of them, and charges nobody for what others have sent',
    async (option, reason) => {
      const rules = { [option]: [{ limit: 5, ttl: TEN }], violations: { budget: 3 } };
      const { app, open, clock, gateway } = await start({ options: { throttling: rules } });
      const greedy = await open('mallory@acme');
      expect(await passes(greedy, 'plain', 5)).toBe(5);
      const honest = await open('bob@acme');
      for (let i = 0; i < 10; i++) honest.send('plain');
      const refused = () => app.events.ofType('ws.message.refused');
      await until(() => refused().length === 10, 'ten messages are refused');
      // Far above the budget of violations: they would have closed the connection.
      clock.advance(TEN);
      honest.send('plain');
      await until(() => gateway.handled === 6, 'it is heard again');
      expect(new Set(refused().map((event) => event.reason))).toEqual(new Set([reason]));
      expect(refused()[0]?.option).toBe(`throttling.${option}`);
    },
  );

  it('DR-05 is blocked by no single message that has no room: others who have some are heard', async () => {
    const { open } = await start();
    const mallory = await open('mallory@acme');
    expect(await passes(mallory, 'tenant-plan', 2)).toBe(0);
    expect(await passes(mallory, 'address-bytes', 1, { text: 'x'.repeat(1000) })).toBe(0);
    const honest = await open('bob@acme', ['pro']);
    expect(await passes(honest, 'tenant-plan', 2)).toBe(2);
    expect(await passes(honest, 'address-bytes', 2, { text: 'x' })).toBe(2);
  });

  it('DR-05 without them nobody can have another one refused', async () => {
    const { open } = await start();
    const greedy = await open('mallory@acme');
    for (let i = 0; i < 100; i++) greedy.send('plain');
    expect(await passes(await open('bob@acme'), 'plain', 20)).toBe(20);
  });
});

describe('a computed limit', () => {
  it('DR-05 is that of the principal', async () => {
    const { open } = await start();
    expect(await passes(await open('alice'), 'by-plan', 4)).toBe(1);
    expect(await passes(await open('bob', ['pro']), 'by-plan', 4)).toBe(3);
  });

  it.each<readonly [what: string, answer: () => unknown]>([
    ['NaN', () => NaN],
    ['a number below 0', () => -1],
    ['Infinity', () => 1 / 0],
    ['nothing', () => undefined],
    ['a text', () => '100'],
    ['an object', () => ({})],
    ['a promise of nothing', () => Promise.resolve()],
    ['a rejection', () => Promise.reject(new Error('the plans are away'))],
    [
      'an exception',
      () => {
        throw new Error('the plans are away');
      },
    ],
  ])('DR-05 AZ-09 that is %s refuses, is audited and charged to nobody', async (_what, found) => {
    answer = found;
    const { app, open, gateway } = await start({ options: { throttling: { violations: { budget: 3 } } } });
    const client = await open();
    for (let i = 0; i < 5; i++) {
      const refused = await client.request('computed');
      expectError(refused, 'FORBIDDEN');
      expect(JSON.stringify(refused)).not.toContain('plans');
    }
    expect(gateway.handled).toBe(0);
    expect(app.events.ofType('ws.message.refused').at(-1)).toMatchObject({
      reason: 'throttle-failed',
      event: 'computed',
    });
    answer = () => 1;
    expect(await passes(client, 'computed', 2)).toBe(1);
  });

  it('DR-05 DR-14 that rejects beside one that throws ends no process', async () => {
    answer = () => {
      throw new Error('the plans are away');
    };
    const { open, gateway } = await start();
    const client = await open();
    const crashes = watchForCrashes();
    expectError(await client.request('computed-twice'), 'FORBIDDEN');
    expect(await client.request('plain')).toMatchObject({ event: 'plain' });
    expect(gateway.handled).toBe(1);
    expect(crashes).toEqual([]);
  });

  it('DR-05 DR-09 that never comes refuses in time, and a late one lets nothing through', async () => {
    let asked = 0;
    let resolve = (_: number): void => undefined;
    answer = () => {
      asked++;
      return new Promise<number>((settle) => (resolve = settle));
    };
    const { app, open, gateway, clock } = await start();
    const client = await open();
    client.send('computed', undefined, 'late');
    await until(() => asked === 1, 'the limit is asked for');
    clock.advance(5500);
    expectError(await client.next(), 'FORBIDDEN');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'throttle-failed' }]);
    resolve(100);
    expect(await client.request('plain')).toMatchObject({ event: 'plain' });
    expect(gateway.handled).toBe(1);
  });
});

describe('a limit that only reports', () => {
  it('DR-05 @WsThrottle({ mode }) refuses nothing, audits what it would, and charges nobody', async () => {
    const { app, open, gateway } = await start({ options: { throttling: { violations: { budget: 1 } } } });
    expect(await passes(await open(), 'reported', 5)).toBe(5);
    expect(gateway.handled).toBe(5);
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
    const reported = app.events.ofType('ws.message.reported');
    expect(reported).toHaveLength(4);
    expect(reported[0]).toMatchObject({
      ...{ code: 'THROTTLED', reason: 'event-throttle', owasp: 'excess_rate_limit_exceeded' },
      option: 'LimitsGateway.reported @WsThrottle planned',
    });
    const weak = app.events.ofType('ws.config.weak').map(({ option }) => option);
    expect(weak).toContain('LimitsGateway.reported throttle.mode');
  });

  it.each<readonly [what: string, throttling: object, reason: string]>([
    ['all of them', { mode: 'report', connection: [{ limit: 1, ttl: TEN }] }, 'connection-throttle'],
    ['bytes', { mode: 'report', connectionBytesPerSecond: 1 }, 'connection-throttle'],
    ['one rule', { principal: [{ limit: 1, ttl: TEN, mode: 'report' }] }, 'principal-throttle'],
    ['one rule of events', { events: [{ limit: 1, ttl: TEN, mode: 'report', name: 'everything' }] }, 'event-throttle'],
  ])('DR-05 DR-06 in the options, %s', async (_what, throttling, reason) => {
    const { app, open } = await start({ options: { throttling } });
    expect(await passes(await open(), 'plain', 5)).toBe(5);
    const reasons = app.events.ofType('ws.message.reported').map((event) => event.reason);
    expect(reasons.length).toBeGreaterThanOrEqual(4);
    expect(new Set(reasons)).toEqual(new Set([reason]));
    expect(
      app.events
        .ofType('ws.config.weak')
        .map(({ option }) => option)
        .join(),
    ).toContain('mode');
  });

  it.each(['validation', 'messages', 'lifecycle'])('DP-02 there is none among the ceilings of %s', async (concern) => {
    const problems = await bootProblems({ providers: [], options: { [concern]: { mode: 'report' } } });
    expect(problems).toMatchObject([{ where: `${concern}.mode`, problem: 'is not an option.' }]);
  });

  it('DR-01 DR-08 leaves sizes and queues what they are', async () => {
    const { open } = await start({
      options: { throttling: { mode: 'report' }, validation: { maxMessageBytes: 1024 } },
    });
    const client = await open();
    client.send('by-bytes', { text: 'x'.repeat(2000) });
    expect(await client.expectClose(1009)).toMatchObject({ code: 1009 });
  });
});

describe('rules for every event', () => {
  it('DR-05 hold for each event by itself, but for what skips them', async () => {
    const events = [{ limit: 2, ttl: TEN, name: 'everything' }];
    const { open } = await start({ options: { throttling: { events } } });
    const client = await open();
    expect(await passes(client, 'plain', 4)).toBe(2);
    expect(await passes(client, 'by-plan', 4)).toBe(1);
    expect(await passes(client, 'skipped', 4)).toBe(4);
  });
});

describe('an anonymous client', () => {
  it('DR-05 cannot go around a limit of its address by a new connection', async () => {
    const { app } = await start({ options: { throttling: { address: [{ limit: 5, ttl: TEN }] } } });
    const first = await connect(`${app.url}/public`, { origin: APP_ORIGIN });
    expect(await passes(first, 'plain', 5)).toBe(5);
    await first.close();
    const second = await connect(`${app.url}/public`, { origin: APP_ORIGIN });
    second.send('plain', undefined, 1);
    expectError(await second.next(), 'THROTTLED');
  });
});
