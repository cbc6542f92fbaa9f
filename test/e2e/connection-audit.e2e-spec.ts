import { Injectable } from '@nestjs/common';
import {
  LoggerSink,
  OnSecurityEvent,
  type SecurityEvent,
  type SecurityEventOf,
  WsConnectionLifecycleService,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';

const ID = /^[A-Za-z0-9_-]{22}$/; // 128 bits in base64url
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('the record of a connection', () => {
  it('MO-01 MO-02 MO-05 F55 says in two lines who, from where, how, how long, how much, and who ended it with what', async () => {
    const clock = new FakeClock(Date.UTC(2026, 4, 17, 10));
    const app = await startApp({ providers: [EchoGateway], clock });
    const client = await connect(`${app.url}/echo`, { token: app.token(), tokenIn: 'subprotocol', origin: APP_ORIGIN });
    const frame = JSON.stringify({ event: 'echo', data: { text: 'four' }, id: 1 });
    client.sendRaw(frame);
    await client.next();
    clock.advance(1500);
    client.socket.close(1000);
    await client.expectClose(1000);
    const closed = await app.events.seen('ws.connection.closed');

    const facts = {
      connectionId: expect.stringMatching(ID) as string,
      path: '/echo',
      address: '127.0.0.1',
      origin: APP_ORIGIN,
      method: 'jwt:subprotocol',
      principal: expect.stringMatching(/^[A-Za-z0-9_-]{16}$/) as string,
    };
    const time = '2026-05-17T10:00:00.000Z';
    expect(app.events.events).toEqual([
      { type: 'ws.connection.opened', owasp: 'authn_login_success', time, ...facts },
      {
        type: 'ws.connection.closed',
        time: '2026-05-17T10:00:01.500Z',
        ...facts,
        initiator: 'client',
        codeSeen: 1000,
        durationMs: 1500,
        messagesReceived: 1,
        bytesReceived: frame.length,
        messagesSent: 1,
        // With the header of the reply, and the answer to the Close frame.
        bytesSent: (client.frames[0]?.length ?? 0) + 2 + 4,
      },
    ]);
    const ids = app.events.events.map((event) => 'connectionId' in event && event.connectionId);
    expect(new Set(ids).size).toBe(1);
    expect(closed.connectionId).toBe(ids[0]);
  });

  it('MO-01 says that the server ended it, why, and with which code', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    app.app.get(WsConnectionLifecycleService).disconnect({ path: '/echo' }, 'REVOKED');
    await client.expectClose(4504);
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({
      initiator: 'server',
      reason: 'REVOKED',
      codeSent: 4504,
    });
  });

  it('MO-01 MO-03 says that nobody ended it, and the network broke', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    client.socket.terminate();
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ initiator: 'network', codeSeen: 1006 });
  });

  it('MO-05 has an id of its own for each connection, and one user the same hash in all', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    for (let i = 0; i < 20; i++) await handshake(`${app.url}/echo`, { token: app.token() });
    await handshake(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) });
    const opened = app.events.ofType('ws.connection.opened');
    expect(new Set(opened.map(({ connectionId }) => connectionId)).size).toBe(21);
    expect(new Set(opened.map(({ principal }) => principal)).size).toBe(2);
    expect(JSON.stringify(opened)).not.toContain('alice');
  });

  it('MO-02 MO-05 is one line of JSON a record in the default log, with its time in UTC', async () => {
    const app = await startApp({ providers: [EchoGateway], options: { events: {} } });
    await handshake(`${app.url}/echo`, { token: app.token() });
    await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' });
    const types = (): string[] =>
      app.log.lines
        .filter((line) => line.includes('"type":"ws.'))
        .map((line) => {
          expect(line).not.toMatch(/[\r\n\u2028\u2029]/);
          const event = JSON.parse(line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1)) as SecurityEvent;
          expect(event.time).toMatch(ISO_TIME);
          if ('connectionId' in event) expect(event.connectionId).toMatch(ID);
          return `${line.split(' ')[0]} ${event.type}`;
        });
    await until(() => types().some((type) => type.endsWith('ws.connection.closed')), 'the end is on record');
    expect(types().sort()).toEqual([
      'log ws.connection.closed',
      'log ws.connection.opened',
      'warn ws.handshake.refused',
    ]);
  });

  it('MO-06 says of whom it is where the options ask for it, and is warned about', async () => {
    const sink = new RecordingSink();
    const options = { events: { sinks: [sink], identifiers: 'plain' as const } };
    const app = await startApp({ providers: [EchoGateway], options });
    await handshake(`${app.url}/echo`, { token: app.token() });
    expect(sink.ofType('ws.connection.opened')[0]?.principal).toContain('alice');
    expect(sink.ofType('ws.config.weak')).toMatchObject([{ option: 'events.identifiers' }]);
  });
});

@Injectable()
class Watch {
  readonly refused: SecurityEventOf<'ws.handshake.refused'>[] = [];
  readonly connections: string[] = [];

  @OnSecurityEvent('ws.handshake.refused')
  onRefused(event: SecurityEventOf<'ws.handshake.refused'>): void {
    this.refused.push(event);
  }

  @OnSecurityEvent('ws.connection.*')
  onConnection({ type }: SecurityEventOf<'ws.connection.*'>): void {
    this.connections.push(type);
    throw new Error('The pager is away.');
  }
}

describe('a method with @OnSecurityEvent()', () => {
  it('MO-03 is called with the events that it asks for, and its failures go no further', async () => {
    const app = await startApp({ providers: [EchoGateway, Watch], options: { events: { sinks: [new LoggerSink()] } } });
    await handshake(`${app.url}/echo`, { origin: 'https://evil.example' });
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    const { refused, connections } = app.app.get(Watch);
    await until(() => connections.length === 2, 'the end was told');
    expect(refused).toMatchObject([{ reason: 'origin-not-allowed', owasp: 'malicious_cors' }]);
    expect(connections).toEqual(['ws.connection.opened', 'ws.connection.closed']);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });
});
