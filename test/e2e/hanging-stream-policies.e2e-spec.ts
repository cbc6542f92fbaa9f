import { Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService, type WsPolicy, WsRevalidator } from '@secure-ws/nestjs';
import { NEVER, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** What the application says of everybody's rights, as a test sets it. */
@Injectable()
class Accounts extends WsRevalidator {
  asked = 0;
  answer: () => unknown = () => true;

  override revalidate(): never {
    this.asked++;
    return this.answer() as never;
  }
}

/** A policy that answers until somebody has it think for ever. */
@Injectable()
class Room implements WsPolicy {
  isAway = false;
  asked = 0;

  authorize(): boolean | Promise<never> {
    this.asked++;
    return this.isAway ? new Promise<never>(() => {}) : true;
  }
}

@WebSocketGateway({ path: '/rooms' })
@WsAuthorize()
class RoomGateway {
  @SubscribeMessage('room')
  @WsAuthorize(Room)
  room(): Observable<never> {
    return NEVER;
  }

  @SubscribeMessage('admin')
  @WsAuthorize({ roles: ['admin'] })
  admin(): string {
    return 'done';
  }
}

describe('a stream whose policy does not answer', () => {
  const POLICY_MS = 20_000;

  /** A client with such a stream and the role `admin`. */
  async function withStream() {
    const clock = new FakeClock(Date.now());
    const app = await startApp({
      providers: [RoomGateway, Room, Accounts],
      clock,
      options: {
        authorization: { policyTimeoutMs: POLICY_MS },
        lifecycle: { pingIntervalMs: 3_600_000, revalidation: { revalidator: Accounts } },
      },
    });
    const token = app.token({ roles: ['admin'], expiresInSeconds: 600 });
    const client = await connect(`${app.url}/rooms`, { token, protocols: ['secure-ws.v1'] });
    client.send('room', undefined, 1);
    expect(await client.request('admin', undefined)).toMatchObject({ data: 'done' });
    const [room, accounts] = [app.app.get(Room), app.app.get(Accounts)];
    room.isAway = true;
    return { app, clock, client, room, accounts };
  }

  it('AZ-09 SL-11 does not keep a role for the connection that was taken away', async () => {
    const { app, clock, accounts, client, room } = await withStream();
    const judged = room.asked;
    accounts.answer = () => ({ roles: [] });
    app.app.get(WsConnectionLifecycleService).revalidate();
    await until(() => room.asked > judged, 'the stream is judged');
    clock.advance(POLICY_MS);
    const ended = await client.next();
    expectError(ended, 'FORBIDDEN');
    expect(ended.id).toBe(1);
    expectError(await client.request('admin', undefined), 'FORBIDDEN');
  });

  it.each([0, 1, 15_000])(
    'AZ-09 SL-09 ends, and the fresh token holds that took %i ms to verify',
    async (verificationMs) => {
      const { app, clock, accounts, client, room } = await withStream();
      clock.advance(2000);
      const verified = deferred<true>();
      const [asked, judged] = [accounts.asked, room.asked];
      accounts.answer = () => verified.promise;
      client.send('$auth', { token: app.token({ roles: ['admin', 'new'], expiresInSeconds: 86_400 }) }, 3);
      await until(() => accounts.asked > asked, 'the token is verified');
      clock.advance(verificationMs);
      verified.resolve(true);
      await until(() => room.asked > judged, 'the stream is judged');
      clock.advance(POLICY_MS);
      const ended = await client.next();
      expectError(ended, 'FORBIDDEN');
      expect([ended.id, await client.next()]).toMatchObject([1, { event: '$auth', id: 3 }]);
      expect(app.events.ofType('ws.message.refused')).toMatchObject([{ event: 'room', reason: 'policy-timeout' }]);
      expect(app.events.ofType('ws.connection.refreshed')).toMatchObject([{ method: 'jwt:message' }]);
    },
  );

  it('AN-11 SL-09 leaves a refresh its own deadline, where the application is asked once more and says nothing', async () => {
    const { app, clock, accounts, client, room } = await withStream();
    clock.advance(2000);
    const judged = room.asked;
    client.send('$auth', { token: app.token({ roles: ['admin', 'new'], expiresInSeconds: 86_400 }) }, 3);
    await until(() => room.asked > judged, 'the stream is judged');
    // What was said before is worth nothing now.
    const asked = accounts.asked;
    app.app.get(WsConnectionLifecycleService).revalidate();
    await until(() => accounts.asked > asked, 'the revalidation');
    accounts.answer = () => new Promise(() => undefined);
    clock.advance(POLICY_MS);
    await until(() => accounts.asked > asked + 1, 'the second question of the refresh');
    clock.advance(POLICY_MS);
    const refused = await client.next();
    expectError(refused, 'FORBIDDEN');
    expect([refused.id, app.events.ofType('ws.message.refused')]).toMatchObject([3, [{ reason: 'policy-timeout' }]]);
  });
});
