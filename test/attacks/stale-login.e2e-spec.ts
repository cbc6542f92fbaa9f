import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  minutes,
  SecureGateway,
  WsApiKeyStore,
  WsAuthorize,
  type WsPolicy,
  WsPublic,
  WsStepUp,
  wsRules,
} from '@secure-ws/nestjs';
import { IsString } from 'class-validator';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT, type TestClaims } from '../support/test-token.js';

class Amount {
  @IsString()
  amount!: string;
}

class Slow implements WsPolicy {
  readonly asked: Deferred<boolean>[] = [];

  authorize(): Promise<boolean> {
    const answer = deferred<boolean>();
    this.asked.push(answer);
    return answer.promise;
  }
}

@WsStepUp({ maxAgeMs: minutes(60) })
@WebSocketGateway({ path: '/vault' })
class VaultGateway {
  readonly handled: string[] = [];
  readonly ticks = new Subject<number>();

  @WsStepUp({ maxAgeMs: minutes(5) })
  @WsAuthorize({ roles: ['treasurer'] })
  @SubscribeMessage('pay')
  pay(@MessageBody() { amount }: Amount): unknown {
    this.handled.push(amount);
    return { paid: amount };
  }

  @WsStepUp({ maxAgeMs: minutes(30) })
  @WsStepUp({ maxAgeMs: minutes(5) })
  @WsAuthorize()
  @SubscribeMessage('twice')
  twice(): unknown {
    this.handled.push('twice');
    return {};
  }

  @WsAuthorize()
  @SubscribeMessage('look')
  look(): unknown {
    return { looked: true };
  }

  @WsStepUp({ maxAgeMs: minutes(5) })
  @WsAuthorize()
  @SubscribeMessage('watch')
  watch(): Subject<number> {
    return this.ticks;
  }

  @WsStepUp({ maxAgeMs: minutes(5) })
  @WsAuthorize(Slow)
  @SubscribeMessage('slow')
  slow(): unknown {
    this.handled.push('slow');
    return {};
  }
}

@WebSocketGateway({ path: '/branch' })
class BranchGateway extends VaultGateway {
  @WsAuthorize()
  @SubscribeMessage('twice')
  override twice(): unknown {
    return super.twice();
  }
}

const roles = ['treasurer'];

const start = async (shape: AppShape = {}) => {
  const clock = new FakeClock(1_800_000_000_000);
  const options = { ...shape.options, lifecycle: { pingIntervalMs: 3_600_000, idleTimeoutMs: 3_600_000 } };
  const app = await startApp({ providers: [VaultGateway, Slow], clock, ...shape, options });
  const loggedIn = (agoMs: number, claims: TestClaims = {}) =>
    app.token({ roles, auth_time: Math.floor((clock.now() - agoMs) / 1000), expiresInSeconds: 7200, ...claims });
  const open = (token: string) => connect(`${app.url}/vault`, { token, protocols: ['secure-ws.v1'] });
  return { app, clock, loggedIn, open, gateway: app.app.get(VaultGateway) };
};

describe('a log-in of long ago', () => {
  it('AZ-14 is asked for again, and the connection goes on with the next one', async () => {
    const { app, clock, loggedIn, open, gateway } = await start();
    const client = await open(loggedIn(minutes(6)));
    const refused = expectError(await client.request('pay', { amount: '5' }), 'STEP_UP_REQUIRED');
    expect(refused.details).toEqual({ maxAgeMs: minutes(5) });
    expect(gateway.handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([
      { code: 'STEP_UP_REQUIRED', reason: 'step-up', owasp: 'authz_fail', event: 'pay' },
    ]);

    clock.advance(1000);
    expect(await client.request('$auth', { token: loggedIn(0) })).toMatchObject({ event: '$auth' });
    expect(await client.request('pay', { amount: '5' })).toMatchObject({ data: { paid: '5' } });
    clock.advance(minutes(5) + 1000);
    expectError(await client.request('pay', { amount: '5' }), 'STEP_UP_REQUIRED');
    // An hour of the class holds where the method says nothing.
    expect(await client.request('look')).toMatchObject({ event: 'look' });
    clock.advance(minutes(55));
    expectError(await client.request('look'), 'STEP_UP_REQUIRED');
    expect(gateway.handled).toEqual(['5']);
  });

  it('AZ-14 is of too long ago for the strictest of several decorators', async () => {
    const { loggedIn, open, gateway } = await start();
    const client = await open(loggedIn(minutes(6)));
    expect(expectError(await client.request('twice'), 'STEP_UP_REQUIRED').details).toEqual({ maxAgeMs: minutes(5) });
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-14 is of too long ago for what a method overrides: a subclass adds to it', async () => {
    const { app, loggedIn } = await start({ providers: [VaultGateway, BranchGateway, Slow] });
    const client = await connect(`${app.url}/branch`, { token: loggedIn(minutes(6)), protocols: ['secure-ws.v1'] });
    expect(expectError(await client.request('twice'), 'STEP_UP_REQUIRED').details).toEqual({ maxAgeMs: minutes(5) });
    expect(app.app.get(BranchGateway).handled).toEqual([]);
  });

  it('AZ-14 is not made recent by a token that is', async () => {
    const { clock, loggedIn, open, gateway } = await start();
    const client = await open(loggedIn(minutes(6)));
    clock.advance(1000);
    // Fresh by its iat, and of the same log-in: what a refresh token gives without the user.
    expect(await client.request('$auth', { token: loggedIn(minutes(6)) })).toMatchObject({ event: '$auth' });
    expectError(await client.request('pay', { amount: '5' }), 'STEP_UP_REQUIRED');
    expect(gateway.handled).toEqual([]);
  });

  it.each<readonly [what: string, claim: (nowSeconds: number) => unknown]>([
    ['is missing', () => undefined],
    ['is to come', (now) => now + 3600],
    ['is to come by more than clocks differ', (now) => now + 31],
    ['is in milliseconds', (now) => now * 1000],
    ['is a text', (now) => String(now)],
    ['is a list', (now) => [now]],
    ['is an object', (now) => ({ valueOf: now })],
    ['is true', () => true],
    ['is null', () => null],
    ['is negative', (now) => -now],
    ['is a fraction', (now) => now + 0.5],
    ['is 0', () => 0],
    ['is beyond all numbers', () => 1e308],
  ])('AZ-14 is none where its time %s', async (_, claim) => {
    const { app, clock, open, gateway } = await start();
    const auth_time = claim(Math.floor(clock.now() / 1000)) as number;
    const client = await open(app.token({ roles, ...(auth_time !== undefined && { auth_time }) }));
    expectError(await client.request('pay', { amount: '5' }), 'STEP_UP_REQUIRED');
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-14 may be dated by a clock that is ahead by half a minute', async () => {
    const { loggedIn, open } = await start();
    const client = await open(loggedIn(-30_000));
    expect(await client.request('pay', { amount: '5' })).toMatchObject({ data: { paid: '5' } });
  });

  it('AZ-14 AZ-12 is asked for after the claims and before the payload', async () => {
    const { app, open, loggedIn } = await start();
    const stranger = await open(loggedIn(minutes(6), { roles: [] }));
    const forbidden = await stranger.request('pay', { amount: 5 });
    expect(withoutCorrelation({ ...forbidden, id: 'x' })).toEqual(
      withoutCorrelation({ ...(await stranger.request('no.such')), id: 'x' }),
    );
    const treasurer = await open(loggedIn(minutes(6)));
    expectError(await treasurer.request('pay', { amount: 5 }), 'STEP_UP_REQUIRED');
    expectError(await (await open(loggedIn(0))).request('pay', { amount: 5 }), 'VALIDATION_FAILED');
    expect(app.events.ofType('ws.message.refused').map(({ reason }) => reason)).toEqual([
      'claims',
      'unknown-event',
      'step-up',
      'payload',
    ]);
  });

  it('AZ-14 SL-11 ends a stream where a refresh shows that it has become old', async () => {
    const { clock, loggedIn, open, gateway } = await start();
    const client = await open(loggedIn(0));
    client.send('watch', undefined, 'w');
    await until(() => gateway.ticks.observed, 'the stream runs');
    gateway.ticks.next(1);
    expect(await client.next()).toMatchObject({ id: 'w', data: 1 });
    clock.advance(minutes(6));
    // The same log-in, with a token of now.
    client.send('$auth', { token: loggedIn(minutes(6)) }, 'a');
    const answers = [await client.next(), await client.next()];
    expect(answers).toContainEqual(
      expect.objectContaining({ id: 'w', data: expect.objectContaining({ code: 'STEP_UP_REQUIRED' }) as object }),
    );
    expect(gateway.ticks.observed).toBe(false);
    expectError(await client.request('watch'), 'STEP_UP_REQUIRED');
  });

  it('AZ-14 AZ-15 is judged again where the identity changed while a policy thought', async () => {
    const { app, clock, loggedIn, open, gateway } = await start({
      options: { messages: { maxConcurrentHandlers: 2 } },
    });
    const policy = app.app.get(Slow);
    const client = await open(loggedIn(minutes(5) - 1000));
    client.send('slow', undefined, 's');
    await until(() => policy.asked.length === 1, 'the policy is asked');
    clock.advance(500);
    // Of the same log-in, and good for longer.
    client.send('$auth', { token: loggedIn(minutes(5) - 500, { expiresInSeconds: 7300 }) }, 'a');
    expect(await client.next()).toMatchObject({ event: '$auth' });
    clock.advance(2000);
    policy.asked[0]?.resolve(true);
    expectError(await client.next(), 'STEP_UP_REQUIRED');
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-14 is only reported on a gateway under migration', async () => {
    const { app, loggedIn, open } = await start({
      options: { migration: { gateways: [VaultGateway], until: '2099-01-01' } },
    });
    const client = await open(loggedIn(minutes(6)));
    expect(await client.request('pay', { amount: '5' })).toMatchObject({ data: { paid: '5' } });
    expect(app.events.ofType('ws.message.reported')).toMatchObject([{ reason: 'step-up' }]);
  });
});

describe('a step-up that cannot be followed', () => {
  class NoKeys extends WsApiKeyStore {
    find() {
      return undefined;
    }
  }

  it('AZ-14 stops the boot', async () => {
    @SecureGateway({ anonymous: true })
    @WebSocketGateway({ path: '/a' })
    class PublicGateway {
      @WsStepUp({ maxAgeMs: 1000 })
      @WsPublic()
      @SubscribeMessage('public')
      public(): void {}
    }
    @SecureGateway({ authentication: { apiKeys: { prefix: 'key', store: NoKeys } } })
    @WebSocketGateway({ path: '/b' })
    class ProgramGateway {
      @WsStepUp({ maxAgeMs: 1000 })
      @WsAuthorize()
      @SubscribeMessage('program')
      program(): void {}
    }
    @WebSocketGateway({ path: '/c' })
    class WrongGateway {
      @WsStepUp({ maxAgeMs: Infinity })
      @WsAuthorize()
      @SubscribeMessage('infinity')
      infinity(): void {}

      @WsStepUp({ maxAgeMs: 0 })
      @WsAuthorize()
      @SubscribeMessage('zero')
      zero(): void {}

      @WsStepUp({ maxAge: 5 } as never)
      @WsAuthorize()
      @SubscribeMessage('misspelt')
      misspelt(): void {}

      @WsStepUp(undefined as never)
      @WsAuthorize()
      @SubscribeMessage('missing')
      missing(): void {}

      // It is no decision by itself.
      @WsStepUp({ maxAgeMs: 1000 })
      @SubscribeMessage('alone')
      alone(): void {}
    }
    class NoGateway {
      @WsStepUp({ maxAgeMs: 1000 })
      act(): void {}
    }
    const problems = await bootProblems({
      providers: [PublicGateway, ProgramGateway, WrongGateway, NoGateway, NoKeys],
      options: { authentication: { jwt: TEST_JWT } },
    });
    expect(problems.map(({ where, problem }) => [where, problem])).toEqual(
      expect.arrayContaining([
        ['NoGateway', expect.stringContaining('@WsStepUp() and no @WebSocketGateway()')],
        ['PublicGateway.public', expect.stringContaining('everybody may send its event')],
        ['ProgramGateway.program', expect.stringContaining('programs have none')],
        ['WrongGateway.infinity', expect.stringContaining('maxAgeMs must be')],
        ['WrongGateway.zero', expect.stringContaining('maxAgeMs must be')],
        ['WrongGateway.misspelt', expect.stringContaining('"maxAge" is not an option')],
        ['WrongGateway.missing', expect.stringContaining('needs { maxAgeMs }')],
        ['WrongGateway.alone', expect.stringContaining('no authorization decision')],
      ]),
    );
    expect(problems).toHaveLength(8);
  });

  it('AZ-14 stops the boot where the rule table asks for it', async () => {
    @WebSocketGateway({ path: '/c' })
    class TableGateway {
      @SubscribeMessage('pay')
      pay(): void {}
    }
    const rules = wsRules().event('pay').stepUp({ maxAgeMs: -1 }).anyEvent().deny();
    expect(await bootProblems({ providers: [TableGateway], options: { authorization: { rules } } })).toMatchObject([
      { where: "authorization.rules event('pay')", problem: expect.stringContaining('maxAgeMs must be') as string },
    ]);
  });
});
