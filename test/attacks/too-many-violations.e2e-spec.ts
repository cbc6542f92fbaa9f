import { describe, expect, it } from 'vitest';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { NOTES_PROVIDERS, NotesGateway } from '../support/notes.gateway.js';
import { type Client, connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

const start = async (shape: AppShape = {}) => {
  const clock = new FakeClock(Date.now());
  const throttling = { violations: {}, ...shape.options?.throttling };
  const options = { ...shape.options, throttling };
  const app = await startApp({ providers: NOTES_PROVIDERS, clock, options });
  const open = (sub?: string): Promise<Client> =>
    connect(`${app.url}/notes`, { token: app.token(sub === undefined ? {} : { sub }) });
  return { app, clock, open };
};

/** A round trip: the server has read what was sent before, and the client what was answered. */
const caughtUp = (client: Client): Promise<unknown> =>
  new Promise((resolve) => {
    client.socket.once('pong', resolve);
    client.socket.once('close', resolve);
    client.socket.ping();
  });

/** Sends a frame until the connection is closed, slower than the limits of its messages, and of the pings in between. */
async function sendUntilClosed(client: Client, clock: FakeClock, frame: string, atMost: number): Promise<number> {
  let sent = 0;
  for (; client.socket.readyState === 1 && sent < atMost; sent++) {
    client.sendRaw(frame);
    clock.advance(50);
    await caughtUp(client);
  }
  return sent;
}

describe('a client whose messages are refused again and again', () => {
  it.each<readonly [what: string, frame: string, atMost: number]>([
    ['bad JSON', '{', 12],
    ['a bad envelope', '{"event":5}', 12],
    ['forbidden events', '{"event":"note.purge"}', 120],
    ['what a policy denies', '{"event":"note.read","data":{"noteId":"bobs"}}', 40],
    ['unknown events', '{"event":"nothing"}', 120],
    ['payloads that are not valid', '{"event":"note.read","data":{"noteId":5}}', 260],
  ])('MV-17 is closed with 1008: %s', async (_, frame, atMost) => {
    const { app, clock, open } = await start();
    const client = await open();
    const sent = await sendUntilClosed(client, clock, frame, atMost);
    expect(await client.expectClose(1008)).toEqual({ code: 1008, reason: 'policy-violation' });
    expect(sent).toBeLessThan(atMost);
    expect(app.events.ofType('ws.violations.exceeded')).toHaveLength(1);
    expect(app.app.get(NotesGateway).handled).toEqual([]);
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'POLICY_VIOLATION', codeSent: 1008 });
  });

  it('MV-17 stays away for a while, and the others do not', async () => {
    const { app, clock, open } = await start();
    const [client, other] = [await open(), await open('bob')];
    await sendUntilClosed(client, clock, '{', 20);
    await client.expectClose(1008);
    const refused = await handshake(`${app.url}/notes`, { token: app.token() });
    expect(refused).toMatchObject({ status: 429 });
    expect(Number((refused as { headers: Record<string, string> }).headers['retry-after'])).toBeGreaterThan(0);
    // Same address, another principal: an office is not punished for one of its people.
    expect(await handshake(`${app.url}/notes`, { token: app.token({ sub: 'carol' }) })).toBe('open');
    expectError(await other.request('note.purge'), 'FORBIDDEN');
    clock.advance(200_000);
    expect(await handshake(`${app.url}/notes`, { token: app.token() })).toBe('open');
  });

  it('MV-17 DR-05 pays for all its connections together, and does not begin anew with the next one', async () => {
    const { clock, open } = await start();
    const bad = async (client: Client, times: number): Promise<void> => {
      for (let count = 0; count < times; count++) {
        client.sendRaw('{');
        expectError(await client.next(), 'BAD_MESSAGE');
        clock.advance(30);
      }
    };
    const [first, second] = [await open(), await open()];
    await bad(first, 4);
    await bad(second, 4);
    await first[Symbol.asyncDispose]();
    const third = await open();
    const sent = await sendUntilClosed(third, clock, '{', 20);
    expect(sent).toBeLessThanOrEqual(4);
    await third.expectClose(1008);
  });

  it('MV-17 is told of once, and stays, where the budget only reports', async () => {
    const violations = { mode: 'report', budget: 30 } as const;
    const { app, clock, open } = await start({
      options: { throttling: { violations }, lifecycle: { pingIntervalMs: 600_000, idleTimeoutMs: Infinity } },
    });
    const client = await open();
    const bad = async (times: number): Promise<void> => {
      for (let count = 0; count < times; count++) {
        client.sendRaw('{');
        expectError(await client.next(), 'BAD_MESSAGE');
        // Slowly enough that each has an answer of its own.
        clock.advance(300);
      }
    };
    await bad(20);
    const once = { chargedTo: 'principal', path: '/notes', score: expect.closeTo(39, 0) as number };
    expect(app.events.ofType('ws.violations.reported')).toMatchObject([once]);
    expect(app.log.lines.join('\n')).toContain('throttling.violations.mode');
    // Nobody is kept away, and what it would do to others it does not do either.
    expect(await handshake(`${app.url}/notes`, { token: app.token() })).toBe('open');
    clock.advance(200_000);
    await bad(1);
    await bad(5);
    expect(app.events.ofType('ws.violations.reported')).toHaveLength(2);
    expect(app.events.ofType('ws.violations.exceeded')).toEqual([]);
    expect(client.socket.readyState).toBe(1);
  });

  it('MV-17 is forgiven with time', async () => {
    const { clock, open } = await start({ options: { lifecycle: { idleTimeoutMs: Infinity } } });
    const client = await open();
    for (let count = 0; count < 30; count++) {
      client.sendRaw('{');
      expectError(await client.next(), 'BAD_MESSAGE');
      // Eleven seconds, with time to answer a ping in between.
      for (const ms of [5000, 6000]) {
        clock.advance(ms);
        await caughtUp(client);
      }
    }
    expect(client.socket.readyState).toBe(1);
  });
});

describe('an event that is not allowed', () => {
  it('AZ-12 OD-05 is answered byte for byte like one that does not exist, and both are audited', async () => {
    const { app, open } = await start();
    const client = await open();
    const raw: string[] = [];
    client.socket.on('message', (data: Buffer) => raw.push(data.toString()));
    for (const event of ['note.purge', 'note.pluck']) {
      client.send(event, { any: 'data' }, 'same-id');
      await client.next();
    }
    const [forbidden, unknown] = raw.map((text) => text.replace(/"correlationId":"[\w-]{22}"/, '"correlationId":""'));
    expect(forbidden).toBe(unknown);
    expect(forbidden).toContain('FORBIDDEN');
    expect(app.events.ofType('ws.message.refused').map(({ reason, owasp }) => [reason, owasp])).toEqual([
      ['claims', 'authz_fail'],
      ['unknown-event', 'authz_fail'],
    ]);
  });

  it('AZ-12 MV-17 closes the connection as late as one that does not exist', async () => {
    // Else a stranger sends a name until it is closed, and knows by the count whether there is such an event.
    const counts = [];
    for (const event of ['note.purge', 'note.pluck']) {
      const { app, clock, open } = await start();
      counts.push(await sendUntilClosed(await open(), clock, JSON.stringify({ event }), 200));
      expect(app.events.ofType('ws.violations.exceeded')).toHaveLength(1);
    }
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]).toBeLessThan(200);
  });

  it('OD-05 AZ-04 is answered alike for a thing of somebody else and one that is not there', async () => {
    const { open } = await start();
    const client = await open();
    const replies = [];
    for (const noteId of ['bobs', 'nobodys']) {
      client.send('note.read', { noteId }, 1);
      replies.push(await client.next());
    }
    const [others, missing] = replies.map(withoutCorrelation);
    expect(others).toEqual(missing);
    expect(others).toMatchObject({ data: { code: 'FORBIDDEN' } });
    expect(await client.request('note.read', { noteId: 'alices' })).toMatchObject({ data: { text: 'of alice' } });
  });
});

describe('the limit of a principal', () => {
  const limited: AppShape = { options: { throttling: { principal: [{ limit: 5, ttl: 10_000 }] } } };

  it('DR-05 is shared by its connections', async () => {
    const { app, open } = await start(limited);
    const [first, second, other] = [await open(), await open(), await open('bob')];
    for (const client of [first, second, first, second, first]) {
      expect(await client.request('note.read', { noteId: 'alices' })).toMatchObject({ event: 'note.read' });
    }
    for (const client of [first, second]) {
      client.send('note.read', { noteId: 'alices' }, 'unread');
      expect(expectError(await client.next(), 'THROTTLED').retryAfterMs).toBeGreaterThan(9000);
    }
    expect(await other.request('note.read', { noteId: 'bobs' })).toMatchObject({ event: 'note.read' });
    expect(app.events.ofType('ws.message.refused').map(({ reason }) => reason)).toEqual(
      Array(2).fill('principal-throttle'),
    );
  });

  it('DR-05 is not refilled by a new connection', async () => {
    const { clock, open } = await start(limited);
    const first = await open();
    for (let count = 0; count < 5; count++) await first.request('note.read', { noteId: 'alices' });
    await first[Symbol.asyncDispose]();
    // Time for the sweep to forget what it may.
    clock.advance(5000);
    const second = await open();
    second.send('note.read', { noteId: 'alices' });
    expectError(await second.next(), 'THROTTLED');
    clock.advance(6000);
    expect(await second.request('note.read', { noteId: 'alices' })).toMatchObject({ event: 'note.read' });
  });
});
