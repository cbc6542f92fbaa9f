import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { type AlertWebhookOptions, FileSink, SecurityEvents, WS_ALERT_RULES } from '@secure-ws/nestjs';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { auditFolder, linesOf } from '../support/audit-folder.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';
import { startApp } from '../support/start-app.js';

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (response: ServerResponse, attempt: number) => void;

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end();
  };

/** A receiver that keeps what it was sent. */
async function receive(answer: Answer) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', method = '', headers } = request;
      received.push({ path, method, headers, body: Buffer.concat(chunks).toString() });
      answer(response, received.length);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=canary-key` };
}

const rule = {
  name: 'refused',
  kind: 'threshold',
  events: ['ws.handshake.refused'],
  limit: 1,
  windowMs: 1000,
} as const;

async function start(answer: Answer, more: Partial<AlertWebhookOptions> = {}, ...sinks: FileSink[]) {
  const events = new RecordingSink();
  const clock = new FakeClock(Date.now());
  const receiver = await receive(answer);
  const secret = newSecret();
  const webhooks = [{ url: receiver.url, secret, ...more }];
  const app = await startApp({
    providers: [EchoGateway],
    clock,
    options: {
      alerts: { rules: [rule, WS_ALERT_RULES.auditDrops], quietMs: 1000, webhooks },
      events: { sinks: [events, ...sinks] },
    },
  });
  Object.assign(app, { events });
  const raise = async (): Promise<void> => {
    const before = app.events.ofType('ws.alert.raised').length;
    await handshake(`${app.url}/echo`, { token: 'canary-token' });
    expect(app.events.ofType('ws.alert.raised')).toHaveLength(before + 1);
  };
  const end = (): void => {
    const before = app.events.ofType('ws.alert.ended').length;
    for (let i = 0; i < 12; i++) clock.advance(250);
    expect(app.events.ofType('ws.alert.ended')).toHaveLength(before + 1);
  };
  /** Moves the clock on until the next attempt has come. */
  const attempts = (count: number) =>
    until(() => {
      if (receiver.received.length < count) clock.advance(100);
      return receiver.received.length >= count;
    }, `${count} attempts`);
  /** Moves the clock on until so many alerts are told to be lost. */
  const lost = async (count: number) => {
    const told = () => app.events.ofType('ws.alert.lost');
    await until(() => {
      if (told().length < count) clock.advance(100);
      return told().length >= count;
    }, `${count} reports of losses`);
    return told();
  };
  const channel = () => app.app.get(SecurityEvents).channels.find(({ name }) => name === 'alerts.webhooks[0]');
  return { app, clock, secret, raise, end, attempts, lost, channel, ...receiver };
}

const verify = ({ body, headers }: Received, secret: string): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe('the webhook of alerts', () => {
  it('MO-03 posts what the library of Standard Webhooks verifies, and nothing else in its place', async () => {
    const { app, raise, attempts, received, secret } = await start(status(204));
    await raise();
    await attempts(1);
    const [first] = received as [Received];
    const [alert] = app.events.ofType('ws.alert.raised');
    const { type, time: timestamp, ...data } = alert ?? {};

    expect(verify(first, secret)).toEqual({ type, timestamp, data });
    expect(first).toMatchObject({ method: 'POST', path: '/hook?key=canary-key' });
    expect(first.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{22}$/) as string,
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/) as string,
    });
    expect(() => verify({ ...first, body: first.body.replace('refused', 'taken') }, secret)).toThrow(
      WebhookVerificationError,
    );
    expect(() => verify(first, newSecret())).toThrow(WebhookVerificationError);
  });

  it('MO-06 says nothing of secrets, credentials and queries, to the receiver or in the log', async () => {
    const { app, raise, attempts, lost, received, secret } = await start(status(500), { giveUpAfterMs: 5000 });
    await raise();
    await attempts(2);
    await lost(1);

    expect(JSON.stringify(received.map(({ body, headers }) => [body, headers]))).not.toContain('canary');
    const told = JSON.stringify([app.log.lines, app.events.events]);
    expect(told).toContain('alerts.webhooks[0]');
    expect(told).not.toContain('canary');
    expect(told).not.toContain(secret.slice('whsec_'.length));
  });

  it('signs with each secret while one is being changed', async () => {
    const [next, old] = [newSecret(), newSecret()];
    const { raise, attempts, received } = await start(status(200), { secret: [next, old] });
    await raise();
    await attempts(1);

    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    for (const secret of [next, old]) expect(() => verify(received[0] as Received, secret)).not.toThrow();
  });

  it('MO-03 tries again with the same id, a new time and a new signature, and in order', async () => {
    const { raise, end, attempts, received, secret } = await start((response, attempt) =>
      status(attempt < 4 ? 503 : 200)(response, attempt),
    );
    await raise();
    await attempts(1);
    end();
    await raise();
    await attempts(6);

    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids.slice(0, 4)).size).toBe(1);
    expect(new Set(ids).size).toBe(3);
    const times = received.slice(0, 4).map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((times[3] as number) - (times[0] as number)).toBeGreaterThanOrEqual(3);
    expect(received.slice(3).map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
      'ws.alert.raised',
      'ws.alert.ended',
      'ws.alert.raised',
    ]);
    for (const each of received.slice(0, 1)) verify(each, secret);
  });

  it('waits for as long as Retry-After says', async () => {
    const { clock, raise, attempts, received } = await start((response, attempt) =>
      status(attempt === 1 ? 429 : 200, { 'retry-after': '120' })(response, attempt),
    );
    const startedAt = clock.monotonic();
    await raise();
    await attempts(2);

    expect(received).toHaveLength(2);
    expect(clock.monotonic() - startedAt).toBeGreaterThanOrEqual(120_000);
  });

  it('asked to wait for longer than the others may, waits a quarter of an hour', async () => {
    const { clock, raise, attempts } = await start((response, attempt) =>
      status(attempt === 1 ? 503 : 200, { 'retry-after': '3000' })(response, attempt),
    );
    const startedAt = clock.monotonic();
    await raise();
    await attempts(2);

    expect(clock.monotonic() - startedAt).toBeGreaterThanOrEqual(15 * 60_000);
    expect(clock.monotonic() - startedAt).toBeLessThan(16 * 60_000);
  });

  it.each([400, 401, 404, 413, 422])('one that is answered %i is lost at once, and holds nobody up', async (code) => {
    const { app, clock, raise, end, attempts, lost, received } = await start((response, attempt) =>
      status(attempt === 1 ? code : 204, { 'retry-after': '600' })(response, attempt),
    );
    const startedAt = clock.monotonic();
    await raise();
    await attempts(1);
    end();
    await attempts(2);

    expect(received.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
      'ws.alert.raised',
      'ws.alert.ended',
    ]);
    expect(clock.monotonic() - startedAt).toBeLessThan(600_000);
    expect(await lost(1)).toMatchObject([{ reason: 'refused', count: 1 }]);
    expect(JSON.stringify(app.log.lines)).toContain(`refused it with ${code}`);
  });

  it.each([408, 425, 429, 500, 503])('one that is answered %i is tried again', async (code) => {
    const { raise, attempts, received } = await start((response, attempt) =>
      status(attempt === 1 ? code : 204)(response, attempt),
    );
    await raise();
    await attempts(2);

    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it.each([301, 302, 307, 308])('follows no redirect: %i is a failure', async (code) => {
    const elsewhere = await receive(status(200));
    const { raise, attempts } = await start(status(code, { location: elsewhere.url }));
    await raise();
    await attempts(3);

    expect(elsewhere.received).toEqual([]);
  });

  it('MO-03 MO-09 sends nothing more to a receiver that is gone (410), says so once, and only counts what it loses then', async () => {
    const { app, raise, end, attempts, lost, channel, received } = await start(status(410));
    await raise();
    await attempts(1);
    expect(await lost(1)).toMatchObject([{ sink: 'alerts.webhooks[0]', reason: 'gone', count: 1 }]);
    for (let i = 0; i < 3; i++) {
      end();
      await raise();
    }

    expect(received).toHaveLength(1);
    expect(app.events.ofType('ws.alert.lost')).toHaveLength(1);
    expect(JSON.stringify(app.log.lines).match(/the webhook is off/g)).toHaveLength(1);
    expect(channel()).toMatchObject({ waiting: 0, dropped: 6, failed: 1, isHealthy: false });
  });

  it.each([
    ['that is gone', status(410)],
    ['that never takes one', status(500)],
    ['that takes none of these', status(400)],
  ])('MO-03 MO-09 a receiver %s raises no alert: the loss of that would raise the next one', async (_, answer) => {
    const { app, raise, end, attempts, lost } = await start(answer, { giveUpAfterMs: 1000, maxQueued: 1 });
    await raise();
    await attempts(1);
    end();
    await raise();
    await lost(1);
    end();

    expect(app.events.ofType('ws.audit.dropped')).toEqual([]);
    expect(app.events.events.filter((event) => 'rule' in event && event.rule === 'audit-drops')).toEqual([]);
  });

  it('MO-09 gives a receiver that does not answer no more than its time, and goes on', async () => {
    const hangOnce: Answer = (response, attempt) => {
      if (attempt > 1) status(204)(response, attempt);
    };
    const { app, raise, lost, received } = await start(hangOnce, { timeoutMs: 1000, giveUpAfterMs: 1000 });
    await raise();
    await until(() => received.length === 1, 'the attempt');
    expect(await lost(1)).toMatchObject([{ reason: 'not-taken', count: 1 }]);

    expect(JSON.stringify(app.log.lines)).toContain('did not answer within 1000 ms');
  });

  it.each([
    [3, ['critical ws.alert.raised', 'critical ws.alert.ended', 'warning ws.alert.raised']],
    [4, ['critical ws.alert.raised', 'critical ws.alert.ended', 'warning ws.alert.raised', 'warning ws.alert.raised']],
  ])(
    'MO-09 MO-03 of %i places for a receiver that is away gives the least severe up first',
    async (maxQueued, kept) => {
      let isAway = true;
      const answer: Answer = (response, attempt) => {
        if (!isAway) status(200)(response, attempt);
      };
      const { app, clock, raise, end, attempts, lost, received } = await start(answer, {
        maxQueued,
        timeoutMs: 60_000,
      });
      await raise();
      end();
      await raise();
      app.app.get(SecurityEvents).emit({ type: 'ws.audit.dropped', sink: 'TestSink', dropped: 1, failed: 0 });
      end();
      expect(await lost(1)).toMatchObject([{ reason: 'queue-full' }]);

      isAway = false;
      clock.advance(60_000);
      await attempts(1 + maxQueued);
      const told = received.map(({ body }) => JSON.parse(body) as { type: string; data: { severity: string } });
      expect(told.slice(1).map(({ type, data }) => `${data.severity} ${type}`)).toEqual(kept);
    },
  );

  it('MO-03 has a critical alert wait for none that the receiver does not take, however long it asks to wait', async () => {
    const severities = () =>
      received.map(({ body }) => (JSON.parse(body) as { data: { severity: string } }).data.severity);
    const dislikesWarnings: Answer = (response, attempt) => {
      if (severities().at(-1) === 'critical') status(204)(response, attempt);
      else status(503, { 'retry-after': '600' })(response, attempt);
    };
    const { app, clock, raise, channel, received } = await start(dislikesWarnings);
    await raise();
    await until(() => channel()?.isHealthy === false, 'the failed attempt to show');
    const startedAt = clock.monotonic();
    app.app.get(SecurityEvents).emit({ type: 'ws.audit.dropped', sink: 'TestSink', dropped: 1, failed: 0 });
    await until(() => received.length === 2, 'the critical alert');

    expect(severities()).toEqual(['warning', 'critical']);
    expect(clock.monotonic()).toBe(startedAt);
    await until(() => channel()?.waiting === 1, 'the warning to wait alone');
  });

  it('MO-03 MO-09 sends the critical alerts first when the application ends', async () => {
    let held: ServerResponse | undefined;
    const { app, raise, end, attempts, received } = await start((response, attempt) => {
      if (attempt === 1) held = response;
      else status(204)(response, attempt);
    });
    await raise();
    await attempts(1);
    end();
    app.app.get(SecurityEvents).emit({ type: 'ws.audit.dropped', sink: 'TestSink', dropped: 1, failed: 0 });
    await app.events.seen('ws.audit.dropped');
    const closed = app.app.close();
    held?.writeHead(204).end();
    await closed;

    const told = received.map(({ body }) => JSON.parse(body) as { type: string; data: { severity: string } });
    expect(told.slice(1).map(({ type, data }) => `${data.severity} ${type}`)).toEqual([
      'critical ws.alert.raised',
      'critical ws.alert.ended',
      'warning ws.alert.ended',
    ]);
  });

  it('MO-09 holds a bounded number of alerts for a receiver that is away, and counts the others', async () => {
    let isAway = true;
    const hang: Answer = (response, attempt) => {
      if (!isAway) status(200)(response, attempt);
    };
    const { app, clock, raise, end, attempts, channel, received } = await start(hang, {
      ...{ maxQueued: 3, timeoutMs: 60_000 },
    });
    for (let i = 0; i < 5; i++) {
      await raise();
      end();
    }

    expect(received).toHaveLength(1);
    expect(channel()).toMatchObject({ waiting: 3, dropped: 7, failed: 0, isHealthy: false });
    clock.advance(1000);
    const told = app.events.ofType('ws.alert.lost');
    expect(told[0]).toMatchObject({ sink: 'alerts.webhooks[0]', reason: 'queue-full' });
    expect(told.map(({ count }) => count).reduce((sum, count) => sum + count)).toBe(7);
    const seconds = told.map(({ time }) => Date.parse(time));
    for (const [index, at] of seconds.slice(1).entries())
      expect(at - (seconds[index] ?? 0)).toBeGreaterThanOrEqual(1000);
    isAway = false;
    clock.advance(60_000);
    await attempts(4);
    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
    expect(app.app.get(SecurityEvents).isHealthy).toBe(true);
  });

  it('MO-09 shows as a channel how many alerts wait, how many were lost, and whether the receiver takes them', async () => {
    let isAway = true;
    const { clock, raise, end, attempts, channel, received } = await start(
      (response, attempt) => status(isAway ? 503 : 200)(response, attempt),
      { maxQueued: 2, giveUpAfterMs: 20_000 },
    );
    expect(channel()).toEqual({ name: 'alerts.webhooks[0]', waiting: 0, dropped: 0, failed: 0, isHealthy: true });
    await raise();
    await attempts(1);
    await until(() => channel()?.isHealthy === false, 'the failed attempt to show');
    expect(channel()).toMatchObject({ waiting: 1, dropped: 0, failed: 0 });
    end();
    await raise();
    end();
    expect(channel()).toMatchObject({ waiting: 2, dropped: 2, failed: 0, isHealthy: false });
    await until(() => {
      clock.advance(100);
      return channel()?.failed === 2;
    }, 'both to be given up');
    expect(channel()).toMatchObject({ waiting: 0, dropped: 2 });

    isAway = false;
    await raise();
    await attempts(received.length + 1);
    await until(() => channel()?.isHealthy === true, 'the taken alert to show');
    expect(channel()).toEqual({ name: 'alerts.webhooks[0]', waiting: 0, dropped: 2, failed: 2, isHealthy: true });
  });

  it('MO-03 is told only what is grave enough', async () => {
    const { app, raise, received, end } = await start(status(200), { minSeverity: 'critical' });
    await raise();
    end();
    await app.app.get(SecurityEvents).flush();
    // Waits for what is under way.
    await app.app.close();

    expect(received).toEqual([]);
  });

  it('MO-09 tries what waits once more when the application ends, and does not keep it', async () => {
    const { app, clock, raise, end, attempts, received } = await start(status(500));
    await raise();
    await attempts(1);
    end();
    await app.events.seen('ws.alert.ended');
    await app.app.close();

    // One may have been under way.
    expect(received.length).toBeLessThanOrEqual(3);
    expect(clock.pending).toBe(0);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    expect(app.events.ofType('ws.alert.lost')).toMatchObject([{ reason: 'not-taken', count: 2 }]);
  });

  it('MO-03 MO-09 is told that an alert ended because the application did', async () => {
    const { app, clock, raise, attempts, received } = await start(status(204));
    await raise();
    await attempts(1);
    await app.app.close();

    const [raised, ended] = received.map(({ body }) => JSON.parse(body) as { type: string; data: { alertId: string } });
    expect(ended).toMatchObject({ type: 'ws.alert.ended', data: { because: 'shutdown' } });
    expect(ended?.data.alertId).toBe(raised?.data.alertId);
    expect(received).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('MO-09 says of what is cut off by the end that the application ended, and not that it took too long', async () => {
    const { app, clock, raise, attempts } = await start(() => undefined);
    await raise();
    await attempts(1);
    let isClosed = false;
    const closing = app.app.close().then(() => (isClosed = true));
    await until(() => {
      if (!isClosed) clock.advance(250);
      return isClosed;
    }, 'the end');
    await closing;

    const told = JSON.stringify(app.log.lines);
    expect(told).toContain('did not take it before the application ended');
    expect(told).not.toContain('did not answer within');
  });

  it('MO-08 MO-09 has its last losses in the audit before that is closed', async () => {
    const audit = auditFolder();
    const sink = new FileSink({ path: audit.path, chain: { privateKey: audit.privateKey } });
    const { app, raise, attempts } = await start(status(500), {}, sink);
    await raise();
    await attempts(1);
    await app.app.close();
    // What comes after the end would open the file once more, and nobody would close it.
    await until(() => app.events.ofType('ws.alert.lost').length === 1, 'the loss');
    await app.app.get(SecurityEvents).flush();

    const types = linesOf(audit.path).map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.filter((type) => type.startsWith('audit.'))).toEqual(['audit.start', 'audit.end']);
    expect(types).toContain('ws.alert.lost');
    expect(types.at(-1)).toBe('audit.end');
  });
});
