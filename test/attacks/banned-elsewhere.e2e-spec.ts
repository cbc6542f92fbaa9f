import { WebSocketGateway } from '@nestjs/websockets';
import type { IncomingMessage } from 'node:http';
import {
  createTicketController,
  type PrincipalInput,
  SecureGateway,
  type SessionIdentity,
  WsAuthorize,
  WsConnectionLifecycleService,
  WsCsrfTokens,
  WsHttpPrincipal,
  WsRevocationService,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { act, ask, list, openOperations, operationsApp, type Row } from '../support/operations.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** Whoever the header names is who the tokens name. They logged in when the test began. */
class SamePerson extends WsHttpPrincipal {
  override resolve({ headers }: IncomingMessage): PrincipalInput | undefined {
    const [id = '', ...roles] = String(headers['x-user'] ?? '').split(' ');
    return id === '' ? undefined : { issuer: TEST_JWT.issuer, id, roles, issuedAt: Number(headers['x-since'] ?? 0) };
  }
}

/** A gateway with an authentication of its own, which takes the tokens of the module's issuer too. */
@SecureGateway({ authentication: { jwt: { ...TEST_JWT, audience: ['chat', 'kiosk'] } } })
@WsAuthorize()
@WebSocketGateway({ path: '/kiosk' })
class KioskGateway {}

const shape = {
  providers: [EchoGateway, KioskGateway, SamePerson],
  controllers: [createTicketController({ principal: SamePerson })],
};
const NOW = Date.now();

/** Asks for a ticket, as somebody who logged in at the beginning. */
async function ticketOf(app: RunningApp, user = 'alice user'): Promise<string> {
  const init = { method: 'POST', headers: { Origin: APP_ORIGIN, 'X-Since': String(NOW) } };
  return ((await (await ask(app, '/ws-ticket', user, init)).json()) as { readonly ticket: string }).ticket;
}

const page = (ticket: string) => ({ origin: APP_ORIGIN, protocols: ['json.v1', `ticket.${ticket}`] });

describe('whoever is kept out of one way of logging in', () => {
  const start = () => startApp(operationsApp({ ...shape, clock: new FakeClock(NOW) }, { principal: SamePerson }));

  it.each([
    ['ban', { minutes: 60 }, 4505],
    ['revoke', {}, 4504],
  ])('SL-05 MO-02 does not come back by another after a %s of the operations page', async (action, more, code) => {
    const app = await start();
    const alice = await connect(`${app.url}/echo`, { token: app.token() });
    const elsewhere = [
      await connect(`${app.url}/echo`, page(await ticketOf(app))),
      await connect(`${app.url}/kiosk`, { token: app.token() }),
    ];
    const bob = await connect(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) });
    const operator = await openOperations(app);
    const { connectionId } = (await list(operator)).rows[0] as Row;
    const asked = { action, connectionId, reason: 'a test', ...more };
    expect((await operator.request('ops.prepare', asked)).data).toMatchObject({ connections: 3 });
    expect(await act(operator, asked)).toEqual({ outcome: 'done', connections: 3 });
    for (const client of [alice, ...elsewhere]) expect(await client.expectClose()).toMatchObject({ code });
    for (const path of ['/echo', '/kiosk']) {
      expect(await handshake(`${app.url}${path}`, { token: app.token() })).toMatchObject({ status: 401 });
    }
    expect(await handshake(`${app.url}/echo`, page(await ticketOf(app)))).toMatchObject({ status: 401 });
    expect(await bob.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
  });

  it('SL-05 MO-02 is let in by each of them again when the ban ends', async () => {
    const app = await start();
    const operator = await openOperations(app);
    const open = [
      () => connect(`${app.url}/echo`, { token: app.token() }),
      async () => connect(`${app.url}/echo`, page(await ticketOf(app))),
    ];
    await open[0]?.();
    const { connectionId } = (await list(operator)).rows.at(-1) as Row;
    await act(operator, { action: 'ban', minutes: 60, connectionId });
    operator.send('ops.watch', undefined, 'w');
    const { bans } = (await operator.next()).data as { readonly bans: readonly { readonly number: number }[] };
    expect(bans).toHaveLength(1);
    await act(operator, { action: 'unban', banNumber: bans[0]?.number });
    for (const each of open) await each();
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(3);
  });

  it('MO-02 is not the operator, whichever way the other connection of theirs came', async () => {
    const app = await start();
    await connect(`${app.url}/echo`, { token: app.token({ sub: 'root' }) });
    const operator = await openOperations(app);
    const { connectionId, isOwn } = (await list(operator)).rows[0] as Row & { readonly isOwn: boolean };
    expect(isOwn).toBe(true);
    for (const more of [{ action: 'revoke' }, { action: 'ban', minutes: 5 }]) {
      const answer = await operator.request('ops.prepare', { connectionId, reason: 'because', ...more });
      expect(expectError(answer, 'APPLICATION').reason).toBe('YOURSELF');
    }
  });

  it('SL-05 stays out where the application bans them by the key of one of their connections', async () => {
    const app = await start();
    await connect(`${app.url}/echo`, page(await ticketOf(app)));
    const [connection] = app.app.get(WsConnectionLifecycleService).find();
    const revocations = app.app.get(WsRevocationService);
    expect(await revocations.ban(connection?.principal.key ?? '', new Date(NOW + 3_600_000))).toBe(1);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 401 });
    await revocations.unban(connection?.principal.key ?? '');
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });
});

class Sessions extends WsSessionVerifier {
  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    return Promise.resolve({ id: cookie, sessionId: `s-${cookie}` });
  }
}
const SESSION = { verifier: Sessions, csrf: { secret: 'a-csrf-secret-of-the-test-suite-that-guards-nothing' } };

@SecureGateway({ authentication: { session: { ...SESSION, cookie: 'staff' } } })
@WsAuthorize()
@WebSocketGateway({ path: '/staff' })
class StaffGateway {}

describe('a namesake', () => {
  it('SL-05 F26 is not banned with a customer: nobody has named the issuer of either session', async () => {
    const options = { authentication: { session: { ...SESSION, cookie: 'sid' } } };
    const app = await startApp({ providers: [EchoGateway, StaffGateway], options });
    const tokens = app.app.get(WsCsrfTokens);
    const visit = (cookie: string, gateway?: typeof StaffGateway) => ({
      origin: APP_ORIGIN,
      protocols: ['json.v1', `csrf.${tokens.issue('s-7', gateway)}`],
      headers: { Cookie: `${cookie}=7` },
    });
    const customer = await connect(`${app.url}/echo`, visit('sid'));
    const staff = await connect(`${app.url}/staff`, visit('staff', StaffGateway));
    const [banned] = app.app.get(WsConnectionLifecycleService).find({ path: '/echo' });
    const until = new Date(Date.now() + 60_000);
    expect(await app.app.get(WsRevocationService).ban(banned?.principal.key ?? '', until)).toBe(1);
    await customer.expectClose(4505);
    expect(staff.socket.readyState).toBe(staff.socket.OPEN);
    expect(await handshake(`${app.url}/staff`, visit('staff', StaffGateway))).toBe('open');
    expect(await handshake(`${app.url}/echo`, visit('sid'))).toMatchObject({ status: 401 });
  });
});
