import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { logs } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  FileSink,
  LoggerSink,
  OpenTelemetryLogSink,
  PinoSink,
  type SecurityEvent,
  SecurityEvents,
  type SecurityEventSink,
  SyslogSink,
  type SyslogSinkOptions,
} from '@secure-ws/nestjs';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { auditFolder } from '../support/audit-folder.js';
import { CertificateAuthority, CLIENT_AUTH } from '../support/certificate-authority.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { signHs } from '../support/forge-jwt.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { goodFields, refusalOf } from '../support/raw-handshake.js';
import { RecordingSink } from '../support/recording-sink.js';
import { APP_ORIGIN, bootFailure, type RunningApp, startApp } from '../support/start-app.js';
import { startSyslogServer, type SyslogServer } from '../support/syslog-server.js';
import { TEST_JWT } from '../support/test-token.js';

/** A sink and what has come out of it: texts, each of one event. */
interface Outlet {
  readonly sink: SecurityEventSink;
  readonly texts: () => readonly string[];
}

const OUTLETS: Readonly<Record<string, () => Promise<Outlet> | Outlet>> = {
  FileSink: () => {
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey }, floods: 'written' });
    return { sink, texts: () => readFileSync(path, 'utf8').split('\n').filter((line) => line.includes('"type":"ws.')) };
  },
  PinoSink: () => {
    const lines: string[] = [];
    const sink = new PinoSink(pino({}, { write: (line: string) => void lines.push(line.replace(/\n$/, '')) }));
    return { sink, texts: () => lines };
  },
  OpenTelemetryLogSink: () => {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    const read = (): string[] =>
      exporter.getFinishedLogRecords().map(({ eventName, body, attributes, severityText, severityNumber }) =>
        JSON.stringify({ eventName, body, attributes, severityText, severityNumber }),
      );
    return { sink: new OpenTelemetryLogSink(provider.getLogger('secure-ws')), texts: read };
  },
  SyslogSink: async () => {
    const { port, ca, messages } = await startSyslogServer();
    return { sink: new SyslogSink({ host: 'localhost', port, ca, floods: 'written' }), texts: () => messages };
  },
}; // prettier-ignore

const NAMES = Object.keys(OUTLETS);

async function start(outlet: Outlet, identifiers: 'hashed' | 'plain' = 'hashed') {
  const other = new RecordingSink();
  const events = { sinks: [outlet.sink, other], identifiers };
  return Object.assign(await startApp({ providers: [EchoGateway], options: { events } }), { other });
}

async function outletOf(name: string): Promise<Outlet> {
  return (OUTLETS[name] as () => Promise<Outlet>)();
}

describe('each sink of the audit', () => {
  it.each(NAMES)('MO-05 %s has who came, who was refused and who left, each once', async (name) => {
    const outlet = await outletOf(name);
    const app = await start(outlet);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    expect(await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' })).toMatchObject({ status: 401 });
    await app.app.close();
    await until(() => outlet.texts().length === app.other.events.length, 'all of them are there');
    for (const { type } of app.other.events) {
      expect(outlet.texts().filter((text) => text.includes(`"${type}"`))).not.toEqual([]);
    }
  });

  it.each(NAMES)('MO-06 %s never gets a token, a cookie, a query, a session id or a payload', async (name) => {
    const outlet = await outletOf(name);
    const app = await start(outlet);
    const canary = (what: string): string => `canary-${what}-7f3a`;
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: TEST_JWT.issuer, aud: TEST_JWT.audience, iat, exp: iat + 600, sub: canary('subject') };
    const payload = { ...claims, sid: canary('session'), jti: canary('jti'), scope: canary('scope') };
    const token = signHs({ alg: 'HS256', typ: 'JWT' }, payload, TEST_JWT.secret);
    await refusalOf(app, {
      target: `/echo?token=${canary('query')}`,
      fields: [...goodFields(app), ['Cookie', `sid=${canary('cookie')}`], ['Authorization', `Bearer ${canary('bearer')}`]],
    });
    const client = await connect(`${app.url}/echo`, { token, origin: APP_ORIGIN });
    client.send(canary('event'), { secret: canary('payload') });
    await client.next();
    client.send('echo', { [canary('key')]: canary('value') });
    await client.next();
    client.socket.close(4000, canary('reason'));
    await client.expectClose();
    await app.other.seen('ws.connection.closed');
    await app.app.close();
    await until(() => outlet.texts().length === app.other.events.length, 'all of them are there');
    const text = outlet.texts().join('\n');
    expect(text).toContain('ws.connection.closed');
    expect(text).not.toContain('canary');
    expect(text).not.toContain(token.split('.')[2]);
  });

  it.each(NAMES)('MO-07 %s has one line for each event, whatever stands in Origin, path and subject', async (name) => {
    const outlet = await outletOf(name);
    const app = await start(outlet, 'plain');
    const evil = `x\r\n<0>1 {"type":"ws.forged"}\u001b[2J\u009b1m\u0085\u2028\u2029\u202e"}`;
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: TEST_JWT.issuer, aud: TEST_JWT.audience, iat, exp: iat + 600, sub: evil };
    const token = signHs({ alg: 'HS256', typ: 'JWT' }, claims, TEST_JWT.secret);
    await handshake(`${app.url}/echo`, { token, origin: APP_ORIGIN });
    const latin = Buffer.from(evil.replace(/[\r\n\u001b]/g, '')).toString('latin1');
    await refusalOf(app, { fields: [...goodFields(app), ['Origin', `https://${latin}`]] });
    await refusalOf(app, { target: `/${encodeURIComponent(evil)}`, fields: goodFields(app) });
    await app.app.close();
    await until(() => outlet.texts().length === app.other.events.length, 'all of them are there');
    for (const text of outlet.texts()) {
      expect(text.replace('\ufeff', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\ufeff]/);
    }
  });
}); // prettier-ignore

const opened = (app: RunningApp, times: number): Promise<void> =>
  (async () => {
    for (let i = 0; i < times; i++) expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  })();

async function startSyslog(server: SyslogServer, options: Partial<SyslogSinkOptions> = {}, clock = new FakeClock(Date.now())) {
  const other = new RecordingSink();
  const sink = new SyslogSink({ host: 'localhost', port: server.port, ca: server.ca, ...options });
  const app = await startApp({ providers: [EchoGateway], clock, options: { events: { sinks: [sink, other] } } });
  return Object.assign(app, { other, clock });
} // prettier-ignore

describe('a syslog server', () => {
  it('MO-05 gets messages of RFC 5424: priority, time, machine, application, process, type, and the event as JSON', async () => {
    const server = await startSyslogServer();
    const app = await startSyslog(server, { appName: 'orders', hostname: 'web-1' });
    await opened(app, 1);
    await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' });
    await until(() => server.messages.some((text) => text.includes('ws.handshake.refused')), 'it has the refusal');
    const form = /^<(\d+)>1 (\S+) web-1 orders (\d+) (\S{1,32}) - \ufeff(\{.*\})$/;
    for (const message of server.messages) {
      const [, priority, time, pid, id, json = ''] = form.exec(message) ?? [];
      const event = JSON.parse(json) as SecurityEvent;
      expect([time, id, pid]).toEqual([event.time, event.type, String(process.pid)]);
      expect(Number(priority)).toBe(13 * 8 + (event.type === 'ws.handshake.refused' ? 4 : 6));
    }
  });

  it('MO-09 has the last events of a process that ends', async () => {
    const server = await startSyslogServer();
    const { folder } = auditFolder();
    writeFileSync(join(folder, 'ca.pem'), server.ca);
    const dist = new URL('../../packages/nestjs/dist/index.js', import.meta.url).href;
    const script = `
      import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
      import { SecurityEvents, SyslogSink, SystemClock } from ${JSON.stringify(dist)};
      const ca = readFileSync('ca.pem');
      const events = new SecurityEvents(new SystemClock(), [new SyslogSink({ host: 'localhost', port: ${server.port}, ca })]);
      await events.open();
      for (let i = 0; i < 50; i++) events.emit({ type: 'ws.drain.started', connections: i });
      await events.close();
    `;
    const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    await expect(ended).resolves.toMatchObject({ stderr: '' });
    await until(() => server.messages.length === 50, 'all of them arrived');
  });

  it('MO-09 gets what is told after the end of the application, and no connection stays', async () => {
    const server = await startSyslogServer();
    const app = await startSyslog(server);
    await app.app.close();
    await until(() => server.open() === 0, 'the connection has ended');
    const before = server.messages.length;
    const events = app.app.get(SecurityEvents);
    events.emit({ type: 'ws.store.away' });
    await events.flush();
    await until(
      () => server.messages.length === before + 1 && server.open() === 0,
      'it came, and the connection ended',
    );
    expect(server.messages.at(-1)).toContain('"type":"ws.store.away"');
  });

  it('MO-09 that drops its connections is connected to again, and what it missed is counted', async () => {
    const crashes = watchForCrashes();
    const server = await startSyslogServer();
    const app = await startSyslog(server);
    await opened(app, 1);
    await until(() => server.messages.length >= 2, 'it has both events');
    for (let round = 2; round <= 4; round++) {
      server.dropAll();
      const before = server.messages.length;
      await opened(app, 1);
      app.clock.advance(1000);
      await opened(app, 1);
      await until(() => server.messages.length > before, 'it gets events again');
      expect(server.connections()).toBeGreaterThanOrEqual(round);
    }
    expect(crashes).toEqual([]);
  });

  it('MO-09 that reads nothing holds up nobody: its events wait, are dropped, and are counted', async () => {
    const crashes = watchForCrashes();
    const server = await startSyslogServer();
    const app = await startSyslog(server);
    await opened(app, 1);
    await until(() => server.messages.length >= 2, 'it has both events');
    server.hang();
    const events = app.app.get(SecurityEvents);
    // More than what the buffers of the system hold.
    await until(() => {
      for (let i = 0; i < 100; i++) events.emit({ type: 'ws.config.weak', option: 'o', warning: 'x'.repeat(10_000) });
      return !events.isHealthy;
    }, 'the queue is full');
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    app.clock.advance(1000);
    expect(app.other.ofType('ws.audit.dropped')[0]?.dropped).toBeGreaterThan(0);
    // The one that hangs is given up, and another connection is tried.
    app.clock.advance(5000);
    await until(() => server.connections() > 1, 'it connects again');
    let hasClosed = false;
    const closing = app[Symbol.asyncDispose]().then(() => (hasClosed = true));
    await until(() => {
      app.clock.advance(1000);
      return hasClosed;
    }, 'the application closes');
    await closing;
    expect(crashes).toEqual([]);
  });

  it.each<readonly [what: string, change: (server: SyslogServer) => Partial<SyslogSinkOptions> | Promise<Partial<SyslogSinkOptions>>]>([
    ['is away', () => ({ port: 1 })],
    ['has a certificate of somebody else', async () => ({ ca: (await CertificateAuthority.create()).cert })],
    ['has a certificate for another name', () => ({ serverName: 'logs.example.com' })],
  ])('MO-09 that %s gets nothing: what is lost is counted, the next ones are not tried at once, and the process lives', async (_, change) => {
    const crashes = watchForCrashes();
    const server = await startSyslogServer();
    const app = await startSyslog(server, await change(server));
    await opened(app, 3);
    await until(() => app.other.ofType('ws.connection.closed').length === 3, 'all of them went');
    // A report comes a second after a loss; the loss itself takes as long as the connection needs to fail.
    await until(() => {
      app.clock.advance(1000);
      return app.other.ofType('ws.audit.dropped').length > 0;
    }, 'the losses are told');
    expect(app.other.ofType('ws.audit.dropped')[0]).toMatchObject({ sink: 'SyslogSink' });
    expect(server.messages).toEqual([]);
    expect(crashes).toEqual([]);
  }); // prettier-ignore

  it('MO-08 that asks for a certificate of its clients gets one', async () => {
    const authority = await CertificateAuthority.create('CN=Clients');
    const { cert, key } = await authority.issue({ subject: 'CN=web-1', usages: [CLIENT_AUTH] });
    const server = await startSyslogServer({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });
    const app = await startSyslog(server, { cert, key });
    await opened(app, 1);
    await until(() => server.messages.length >= 2, 'it has both events');
    const other = await startSyslog(server);
    const before = server.messages.length;
    await until(() => {
      void handshake(`${other.url}/echo`, { token: other.token() });
      other.clock.advance(100);
      return other.other.ofType('ws.audit.dropped').length > 0;
    }, 'the losses of the one without are told');
    expect(server.messages).toHaveLength(before);
    // What it had sent before the server said so is not counted; the log has a line.
    expect(other.log.lines.join('\n')).toContain('what was sent last may not have arrived');
  });
});

describe('the options of sinks', () => {
  it('MO-09 stop the boot where they are wrong', async () => {
    const sinks = [
      new SyslogSink({ host: '' }),
      new SyslogSink({ host: 'a', port: 70_000, facility: 24, appName: 'two words' }),
      new SyslogSink({ host: 'a', cert: 'secret-certificate' }),
      new SyslogSink({ host: 'a', protocol: 'udp' } as never),
      new SyslogSink(undefined as never),
      // A URL, and the name of a file: each would fail at every event, and only there.
      new SyslogSink({ host: 'tls://logs.example.com:6514', ca: 'logs-ca.pem' }),
      new SyslogSink({ host: '192.0.2.1', ca: '-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----' }),
    ];
    const text = String(await bootFailure({ providers: [EchoGateway], options: { events: { sinks } } }));
    for (const expected of [
      'events.sinks[0].host: must be the name or the address of a server',
      'events.sinks[1].port: must be a whole number of at least 1 and at most 65535',
      'events.sinks[1].facility: must be a whole number of at least 0 and at most 23',
      'events.sinks[1].appName: must be 1 to 48 characters of ASCII, without spaces',
      'events.sinks[2].key: is missing: cert and key belong together',
      'events.sinks[3].protocol: is not an option.',
      'events.sinks[4].host: is missing',
      'events.sinks[5].host: must be the name or the address of a server, without a protocol, port or path',
      "events.sinks[5].ca: readFileSync('ca.pem')",
      'events.sinks[6].ca: is no certificate that can be read',
    ]) {
      expect(text).toContain(expected);
    }
    // Nothing of a key is blamed on the authorities.
    expect(text).not.toContain('events.sinks[2].ca');
    expect(text).not.toContain('secret');
  });

  it('MO-09 say which package makes a logger, where there is none', () => {
    expect(() => new PinoSink(undefined as never)).toThrow("import { pino } from 'pino'");
    expect(() => new PinoSink({ info: 1 } as never)).toThrow(TypeError);
    expect(() => new OpenTelemetryLogSink({} as never)).toThrow("import { logs } from '@opentelemetry/api-logs'");
    // What the API itself answers where no SDK was set up: a logger that keeps nothing.
    expect(() => new OpenTelemetryLogSink(logs.getLogger('secure-ws'))).not.toThrow();
  });

  it('MO-05 a logger of pino that is silent is not asked, and neither is LoggerSink harmed beside it', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    const sinks = [new PinoSink(logger), new LoggerSink()];
    const app = await startApp({ providers: [EchoGateway], options: { events: { sinks } } });
    await opened(app, 1);
    await app.app.close();
    expect(lines).toEqual([]);
    expect(app.log.lines.join('\n')).toContain('ws.connection.opened');
  });
});
