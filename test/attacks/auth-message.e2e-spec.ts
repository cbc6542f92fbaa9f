import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, WsAuthorize, WsTicketService } from '@secure-ws/nestjs';
import { calculateJwkThumbprint } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { dpopKey, dpopProof, type ProofShape } from '../support/dpop.js';
import { Text } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type ClientShape } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@WebSocketGateway({ path: '/desk' })
@SecureGateway({ firstMessage: true })
@WsAuthorize()
class DeskGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() { text }: Text): Text {
    return { text };
  }
}

const mine = dpopKey();
const thiefs = dpopKey();
let jkt = '';
beforeAll(async () => {
  jkt = await calculateJwkThumbprint(mine.jwk);
});

async function start() {
  const clock = new FakeClock(Date.now());
  const app = await startApp({
    providers: [DeskGateway],
    clock,
    options: {
      authentication: { jwt: TEST_JWT, dpop: {}, tickets: {} },
      lifecycle: { pingIntervalMs: 3_600_000 },
    },
  });
  const url = `${app.httpUrl}/desk`;
  return {
    app,
    clock,
    open: (shape: ClientShape) => connect(`${app.url}/desk`, { origin: APP_ORIGIN, ...shape }),
    /** A fresh token of Alice, later by the clock than the ones before. */
    token: (isBound = true) => {
      clock.advance(11_000);
      return app.token(isBound ? { cnf: { jkt } } : {});
    },
    prove: (token: string, shape: Partial<ProofShape> = {}, key = mine) =>
      dpopProof(key, { url, token, nowMs: clock.now(), ...shape }),
    ticket: async (id = 'alice', { origin }: { origin?: string } = { origin: APP_ORIGIN }) => {
      clock.advance(11_000);
      const principal = { issuer: 'shop', id, issuedAt: clock.now(), expiresAt: clock.now() + 600_000 };
      const { ticket } = await app.app.get(WsTicketService).issue(principal, { origin });
      return ticket;
    },
  };
}

const ANSWER = { event: '$auth', data: { expiresInMs: expect.any(Number) as number } };
const REFUSED = { event: 'error', data: { code: 'FORBIDDEN' } };

describe('a token that is bound to a key, in a message', () => {
  it('SL-09 AN-06 refreshes a connection, with a proof of the handshake', async () => {
    const { open, token, prove } = await start();
    const first = token();
    const protocols = ['secure-ws.v1', `bearer.${first}`, `dpop.${await prove(first)}`];
    const client = await open({ protocols });
    const fresh = token();
    expect(await client.request('$auth', { token: fresh, dpop: await prove(fresh) })).toMatchObject(ANSWER);
    expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
  });

  it.each<readonly [what: string, proof: (desk: Awaited<ReturnType<typeof start>>, token: string, used: string) => unknown]>([
    ['no proof', () => undefined],
    ['the proof of the handshake', (_, __, used) => used],
    ['a proof of another key', ({ prove }, token) => prove(token, {}, thiefs)],
    ['a proof for another token', ({ prove }) => prove('other')],
    ['a proof for another URL', ({ prove, app }, token) => prove(token, { url: `${app.httpUrl}/other` })],
    ['a proof of long ago', ({ prove, clock }, token) => prove(token, { nowMs: clock.now() - 62_000 })],
    ['a proof that is none', () => 'x'],
  ])('J28 AN-06 AN-16 does not refresh with %s', async (_, proofOf) => {
    const desk = await start();
    const first = desk.token();
    const used = await desk.prove(first);
    const client = await desk.open({ protocols: ['secure-ws.v1', `bearer.${first}`, `dpop.${used}`] });
    const fresh = desk.token();
    const dpop = await proofOf(desk, fresh, used);
    expect(await client.request('$auth', { token: fresh, dpop })).toMatchObject(REFUSED);
    expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
    expect(desk.app.events.ofType('ws.connection.refreshed')).toEqual([]);
  }); // prettier-ignore

  it('J26 AN-06 refreshes once with one proof', async () => {
    const { open, token, prove, clock } = await start();
    const first = token();
    const client = await open({ protocols: ['secure-ws.v1', `bearer.${first}`, `dpop.${await prove(first)}`] });
    const other = await open({ protocols: ['secure-ws.v1', `bearer.${first}`, `dpop.${await prove(first)}`] });
    const fresh = token();
    const dpop = await prove(fresh);
    expect(await client.request('$auth', { token: fresh, dpop })).toMatchObject(ANSWER);
    expect(await other.request('$auth', { token: fresh, dpop })).toMatchObject(REFUSED);
    clock.advance(11_000);
    expect(await other.request('$auth', { token: fresh, dpop: await prove(fresh) })).toMatchObject(ANSWER);
  });

  it('AN-01 AN-06 opens a connection as the first message, with a proof', async () => {
    const { app, open, token, prove } = await start();
    const bound = token();
    const without = await open({});
    without.send('$auth', { token: bound });
    await without.expectClose(4401);
    const client = await open({});
    expect(await client.request('$auth', { token: bound, dpop: await prove(bound) })).toMatchObject(ANSWER);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'missing-proof' }]);
  });

  it('J28 AN-16 does not take the place of one that is bound to a key', async () => {
    const { open, token, prove } = await start();
    const first = token();
    const client = await open({ protocols: ['secure-ws.v1', `bearer.${first}`, `dpop.${await prove(first)}`] });
    expect(await client.request('$auth', { token: token(false) })).toMatchObject(REFUSED);
  });
});

describe('a ticket in a message', () => {
  it('SL-09 AN-05 refreshes the connection of a session, once', async () => {
    const { open, ticket, clock } = await start();
    const client = await open({ protocols: ['secure-ws.v1', `ticket.${await ticket()}`] });
    const fresh = await ticket();
    expect(await client.request('$auth', { ticket: fresh })).toMatchObject(ANSWER);
    clock.advance(11_000);
    expect(await client.request('$auth', { ticket: fresh })).toMatchObject(REFUSED);
  });

  it('J28 AN-16 of somebody else closes the connection', async () => {
    const { open, ticket } = await start();
    const client = await open({ protocols: ['secure-ws.v1', `ticket.${await ticket()}`] });
    client.send('$auth', { ticket: await ticket('bob') });
    expect((await client.expectClose(4510)).reason).toBe('subject-mismatch');
  });

  it('AN-05 of another origin is refused, and burned', async () => {
    const { open, ticket, clock } = await start();
    const client = await open({ protocols: ['secure-ws.v1', `ticket.${await ticket()}`] });
    const programs = await ticket('alice', {});
    expect(await client.request('$auth', { ticket: programs })).toMatchObject(REFUSED);
    clock.advance(11_000);
    const outsider = await open({ origin: undefined as never });
    outsider.send('$auth', { ticket: programs });
    await outsider.expectClose(4401);
  });

  it('AN-01 AN-05 opens a connection as the first message', async () => {
    const { app, open, ticket } = await start();
    const bought = await ticket();
    const client = await open({});
    expect(await client.request('$auth', { ticket: bought })).toMatchObject(ANSWER);
    expect(app.events.ofType('ws.connection.opened')).toMatchObject([{ method: 'ticket:message' }]);
  });
});
