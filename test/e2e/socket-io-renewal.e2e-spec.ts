import { UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Principal,
  SecureWsModule,
  WsAuthorize,
  WsInputRoles,
  type WsPolicy,
  type WsPolicyContext,
  WsStepUp,
} from '@secure-ws/nestjs';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsReplyInterceptor,
  WsSocketIdentities,
} from '@secure-ws/nestjs/socket-io';
import { IsOptional, IsString } from 'class-validator';
import { Subject } from 'rxjs';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deferred } from '../support/deferred.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';
import { ask, asksForToken, connect, type IoServer, type IoSocket } from '../support/socket-io-app.js';
import { startApp } from '../support/start-app.js';
import { TEST_JWT, type TestClaims } from '../support/test-token.js';

/** Lets whoever is `admin` pass, and says when. */
class Admins implements WsPolicy {
  readonly asked: string[] = [];
  answer: (principal: Principal) => boolean | Promise<boolean> = ({ roles }) => roles.includes('admin');

  authorize({ principal }: WsPolicyContext): boolean | Promise<boolean> {
    this.asked.push(principal.roles.join());
    return this.answer(principal);
  }
}

class Search {
  @WsInputRoles('admin')
  @IsOptional()
  @IsString()
  secret?: string;
}

@UseGuards(WsAuthorizeGuard)
@UseFilters(WsExceptionsFilter)
@UseInterceptors(WsReplyInterceptor)
@WebSocketGateway()
@WsAuthorize()
class FeedGateway implements OnGatewayInit {
  socket!: IoSocket;
  readonly values = new Subject<{ readonly event: 'value'; readonly data: number }>();
  readonly answer = deferred<string>();
  isWaiting = false;

  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    const decide = asksForToken(this.identities);
    server.use((socket, next) => {
      this.socket = socket;
      void (async () => next(await decide(socket)))();
    });
  }

  @SubscribeMessage('open')
  open() {
    return this.values;
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('claims')
  claims() {
    return this.values;
  }

  @WsAuthorize(Admins)
  @SubscribeMessage('policy')
  policy() {
    return this.values;
  }

  @WsStepUp({ maxAgeMs: 60_000 })
  @SubscribeMessage('step-up')
  stepUp() {
    return this.values;
  }

  @SubscribeMessage('input')
  input(@MessageBody() _search: Search) {
    return this.values;
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('slow')
  slow(): Promise<string> {
    this.isWaiting = true;
    return this.answer.promise;
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

async function start() {
  const clock = new FakeClock(Date.now());
  const audit = new RecordingSink();
  const { app, httpUrl, token } = await startApp({
    secureWs: SecureWsModule.forRoot({
      adapter: false,
      authentication: { jwt: TEST_JWT },
      events: { sinks: [audit] },
    }),
    configure: (application) => void application.useWebSocketAdapter(new IoAdapter(application)),
    providers: [FeedGateway, Admins],
    clock,
  });
  const claims = { roles: ['admin'], auth_time: seconds(clock.now()) };
  const settings = { auth: { token: token(claims) }, transports: ['websocket'], reconnection: false, forceNew: true };
  const client = io(httpUrl, { ...settings, autoConnect: false });
  onTestFinished(() => void client.disconnect());
  await connect(client);
  const gateway = app.get(FeedGateway);
  const received: unknown[] = [];
  client.on('value', (value) => received.push(value));
  client.on('error', ({ code }: { code: string }) => received.push(code));
  const identities = app.get(WsSocketIdentities);
  return {
    ...{ client, clock, audit, gateway, received, token, identities, policy: app.get(Admins) },
    renew: (wanted: TestClaims = {}): Promise<Principal> =>
      identities.authenticate(
        gateway.socket,
        token({ auth_time: claims.auth_time, ...wanted }),
        gateway.socket.request,
      ),
    tell: (data: number): void => gateway.values.next({ event: 'value', data }),
    begin: async (event: string, data: unknown = null): Promise<void> => {
      client.emit(event, data);
      await until(() => gateway.values.observed, 'the stream is open');
    },
    heard: async (count: number): Promise<unknown[]> => {
      await until(() => received.length >= count, `${count} values`);
      return received;
    },
  };
}

describe('a token of the same user, renewed while Socket.IO answers', () => {
  it.each<[string, unknown, TestClaims, string, object]>([
    ['claims', null, { roles: ['guest'] }, 'FORBIDDEN', { reason: 'claims', missing: 'role admin' }],
    ['policy', null, { roles: ['guest'] }, 'FORBIDDEN', { reason: 'policy' }],
    ['input', { secret: 's' }, { roles: ['guest'] }, 'FORBIDDEN', { reason: 'claims' }],
    ['step-up', null, { auth_time: 1 }, 'STEP_UP_REQUIRED', { reason: 'step-up' }],
  ])(
    'SL-11 AZ-06 AZ-07 AZ-14 ends the stream %s that it may not have any more',
    async (event, data, lost, code, why) => {
      const { audit, gateway, begin, tell, renew, heard } = await start();
      await begin(event, data);
      tell(1);
      expect(await heard(1)).toEqual([1]);
      await renew({ roles: ['admin'] });
      tell(2);
      expect(await heard(2)).toEqual([1, 2]);
      await renew(lost);
      tell(3);
      expect(await heard(3)).toEqual([1, 2, code]);
      expect(gateway.values.observed).toBe(false);
      expect(audit.ofType('ws.message.refused')).toMatchObject([{ event, code, ...why }]);
    },
  );

  it('SL-11 lets a stream go on that asks for nothing that was lost', async () => {
    const { begin, tell, renew, heard } = await start();
    await begin('open');
    await renew({ roles: [] });
    tell(1);
    tell(2);
    expect(await heard(2)).toEqual([1, 2]);
  });

  it('SL-11 answers a handler that still runs with FORBIDDEN', async () => {
    const { client, gateway, renew } = await start();
    const answer = ask(client, 'slow');
    await until(() => gateway.isWaiting, 'the handler runs');
    await renew({ roles: ['guest'] });
    gateway.answer.resolve('canary');
    expect(await answer).toMatchObject({ event: 'error', data: { code: 'FORBIDDEN' } });
  });

  it('SL-11 asks the policies once for each token, and keeps the order of what waits for them', async () => {
    const { policy, begin, tell, renew, heard } = await start();
    await begin('policy');
    const answer = deferred<boolean>();
    policy.answer = () => answer.promise;
    await renew({ roles: ['reader'] });
    for (const value of [1, 2, 3]) tell(value);
    await until(() => policy.asked.length === 2, 'the policy is asked');
    answer.resolve(true);
    expect(await heard(3)).toEqual([1, 2, 3]);
    expect(policy.asked).toEqual(['admin', 'reader']);
  });

  it('SL-11 AZ-09 ends a stream whose policy does not answer in time, or rejects', async () => {
    const late = await start();
    await late.begin('policy');
    late.policy.answer = () => new Promise(() => undefined);
    await late.renew({ roles: ['admin'] });
    late.tell(1);
    await until(() => late.policy.asked.length === 2, 'the policy is asked');
    late.clock.advance(5000);
    expect(await late.heard(1)).toEqual(['FORBIDDEN']);
    expect(late.audit.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-timeout' }]);
    const failed = await start();
    await failed.begin('policy');
    failed.policy.answer = () => Promise.reject(new Error('the database is away'));
    await failed.renew({ roles: ['admin'] });
    failed.tell(1);
    expect(await failed.heard(1)).toEqual(['FORBIDDEN']);
    expect(failed.audit.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-failed' }]);
  });

  it('SL-11 AN-14 a loss counts where another token is being looked at already, and where one came while policies waited', async () => {
    const pending = await start();
    await pending.begin('claims');
    await pending.renew({ roles: ['guest'] });
    const next = pending.renew({ roles: ['admin'] });
    pending.tell(1);
    expect(await pending.heard(1)).toEqual(['FORBIDDEN']);
    await next;
    const twice = await start();
    await twice.begin('policy');
    const answer = deferred<boolean>();
    twice.policy.answer = ({ roles }) => (roles.includes('admin') ? answer.promise : false);
    await twice.renew({ roles: ['admin'] });
    twice.tell(1);
    await until(() => twice.policy.asked.length === 2, 'the policy is asked');
    await twice.renew({ roles: ['guest'] });
    answer.resolve(true);
    expect(await twice.heard(1)).toEqual(['FORBIDDEN']);
  });
});
