import { CLOSE_CODES, type CloseCodeName, parseCloseReason } from '@secure-ws/protocol';
import { describe, expect, it } from 'vitest';
import { openConnections as open } from '../../../../test/support/open-connections.js';
import { COARSE_TICK_MS } from './coarse-timer.js';

const HOUR_MS = 3_600_000;

describe('what a connection sends', () => {
  it.each(['error', '$end'])('OD-01 is never called %s: a client would take it for the module', (event) => {
    const { connect } = open({});
    expect(() => connect('alice').connection.send(event, {})).toThrow(TypeError);
  });
});

describe('the lifetime of a connection', () => {
  it('SL-07 ends with 4002 whatever it sends, at a moment of its own in the last tenth', () => {
    const endings = Array.from({ length: 40 }, () => {
      const { clock, connect } = open({ maxLifetimeMs: 100_000, idleTimeoutMs: Infinity });
      const one = connect('alice');
      const start = clock.monotonic();
      while (one.socket.closes.length === 0 && clock.monotonic() - start < 120_000) {
        one.connection.lastMessageAt = clock.monotonic();
        clock.advance(COARSE_TICK_MS);
        const ping = one.socket.pings.at(-1);
        if (ping !== undefined) one.connection.deadlines.onPong(Buffer.from(ping));
      }
      expect(one.socket.closes).toEqual([{ code: 4002, reason: 'max-lifetime' }]);
      return clock.monotonic() - start;
    });
    expect(Math.min(...endings)).toBeGreaterThanOrEqual(90_000);
    expect(Math.max(...endings)).toBeLessThanOrEqual(100_000 + 2 * COARSE_TICK_MS);
    expect(new Set(endings).size).toBeGreaterThan(10);
  });

  it.each<readonly [idleCounts: 'both' | 'inbound', closes: readonly unknown[]]>([
    ['both', []],
    ['inbound', [{ code: 4004, reason: 'idle' }]],
  ])('SL-08 counts what the server sends when idleCounts is %s', (idleCounts, closes) => {
    const { connect, pass } = open({ idleCounts, idleTimeoutMs: 60_000 });
    const one = connect('alice');
    for (let minute = 0; minute < 3; minute++) {
      pass(30_000, one);
      one.connection.send('news');
    }
    expect(one.socket.closes).toEqual(closes);
  });

  it('SL-08 is over when a client only answers pings', () => {
    const { connect, pass } = open({ idleTimeoutMs: 60_000 });
    const one = connect('alice');
    pass(61_000, one);
    expect(one.socket.pings.length).toBeGreaterThan(1);
    expect(one.socket.closes).toEqual([{ code: 4004, reason: 'idle' }]);
  });
});

describe('the deadlines of a connection whose client reads slowly', () => {
  // A feed whose messages are in the socket's buffer for a moment: each of them begins a wait of its own.
  const feed = (ms: number, everyMs: number, parts: ReturnType<typeof open>, identity = 'alice') => {
    const one = parts.connect(identity);
    for (let passed = 0; passed < ms; passed += everyMs) {
      one.socket.bufferedAmount = 1000;
      one.connection.send('news');
      one.socket.bufferedAmount = 0;
      one.connection.send('more');
      parts.pass(everyMs, one);
    }
    return one.socket;
  };

  it('SL-01 SL-02 are not put off: its identity ends', () => {
    const { closes } = feed(30_000, 1000, open({}, { expiresInMs: 5000 }));
    expect(closes).toEqual([{ code: 4001, reason: 'token-expired' }]);
  });

  it('SL-07 are not put off: its lifetime ends', () => {
    const { closes } = feed(30_000, 1000, open({ maxLifetimeMs: 20_000 }));
    expect(closes).toEqual([{ code: 4002, reason: 'max-lifetime' }]);
  });

  it('DR-12 are not put off: it is pinged', () => {
    const { pings } = feed(60_000, 1000, open());
    expect(pings.length).toBeGreaterThanOrEqual(2);
  });

  it('DR-10 end with 4010 once something waits too long', () => {
    const { connect, clock } = open();
    const { socket, connection } = connect('alice');
    socket.bufferedAmount = 1;
    connection.send('news');
    clock.advance(9500);
    expect(socket.closes).toEqual([]);
    clock.advance(1000);
    expect(socket.closes).toEqual([{ code: 4010, reason: 'slow-consumer' }]);
    connection.send('more');
    expect(socket.sent).toHaveLength(1);
  });

  it('DR-10 end with 4010 at once above the limit of bytes', () => {
    const { connect } = open({ maxOutboundBytes: 1000 });
    const { socket, connection } = connect('alice');
    socket.bufferedAmount = 1001;
    connection.send('news');
    expect(socket.closes).toEqual([{ code: 4010, reason: 'slow-consumer' }]);
  });
});

describe('a source that can wait for the client', () => {
  it('DR-10 F21 is told once when the client has read, and begins a wait of its own', () => {
    const { connect, clock } = open();
    const { socket, connection } = connect('alice');
    const resumed: string[] = [];
    expect(connection.canSend).toBe(true);
    socket.needsDrain = true;
    socket.bufferedAmount = 70_000;
    connection.send('news');
    expect(connection.canSend).toBe(false);
    connection.onDrain(() => resumed.push('first'));
    connection.onDrain(() => resumed.push('second'));
    clock.advance(9000);
    expect(resumed).toEqual([]);
    socket.drain();
    expect(resumed).toEqual(['first', 'second']);
    socket.bufferedAmount = 70_000;
    connection.send('more');
    clock.advance(9000);
    // 18 s of which nothing waited longer than nine.
    expect(socket.closes).toEqual([]);
    socket.drain();
    expect(resumed).toEqual(['first', 'second']);
  });

  it('DR-10 F21 is not told after the close, and goes on at once where nothing waits', () => {
    const { socket, connection } = open().connect('alice');
    const resumed: string[] = [];
    connection.onDrain(() => resumed.push('at once'));
    expect(resumed).toEqual(['at once']);
    socket.needsDrain = true;
    connection.onDrain(() => resumed.push('never'));
    connection.close('NORMAL');
    socket.drain();
    expect(resumed).toEqual(['at once']);
    expect(connection.canSend).toBe(false);
  });
});

describe('a message that alone is more than may wait for a client', () => {
  it.each<readonly [outcome: string, text: string]>([
    ['sent', 'x'.repeat(1000)],
    ['too-big', 'x'.repeat(1001)],
    ['sent', 'é'.repeat(500)],
    ['too-big', 'é'.repeat(501)],
    ['too-big', '€'.repeat(334)],
  ])('DR-10 F21 is refused before it is sent, and the connection stays open: %s', (outcome, text) => {
    const { socket, connection } = open({ maxOutboundBytes: 1000 }).connect('alice');
    expect(connection.offer(text, 'x')).toBe(outcome);
    expect(socket.sent).toHaveLength(outcome === 'sent' ? 1 : 0);
    expect(connection.isOpen).toBe(true);
    connection.close('NORMAL');
    expect(connection.offer('x', 'x')).toBe('closed');
  });

  it('DR-10 F21 is not sent by connection.send() either', () => {
    const { socket, connection } = open({ maxOutboundBytes: 1000 }).connect('alice');
    expect(connection.send('news', 'x'.repeat(1000))).toBe('dropped');
    expect(socket.sent).toEqual([]);
    expect(connection.send('news')).toBe('sent');
  });
});

describe('a close', () => {
  it.each(Object.keys(CLOSE_CODES) as CloseCodeName[])('TR-10 TR-11 sends the code and the word of %s', (name) => {
    const { connection, socket } = open().connect('alice');
    connection.close(name);
    const { code, word } = CLOSE_CODES[name];
    expect(socket.closes).toEqual([{ code, reason: word }]);
    // RFC 6455 section 7.4.1, IANA, or the private range.
    expect([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013].includes(code) || code >= 4000).toBe(true);
    expect(Buffer.byteLength(socket.closes[0]?.reason ?? '')).toBeLessThanOrEqual(123);
    expect(connection.isOpen).toBe(false);
  });

  it.each<readonly [what: string, code: unknown]>([
    ['a number', 4401],
    ['1006', 1006],
    ['a word of nobody', 'GO_HOME'],
    ['a key of the prototype', 'constructor'],
    ['nothing', undefined],
    ['typed memory', new Float32Array(8)],
  ])('TR-10 TR-11 with %s for a code throws, and leaves the connection as it was', (_, code) => {
    const { connection, socket } = open().connect('alice');
    expect(() => {
      connection.close(code as CloseCodeName);
    }).toThrow(TypeError);
    // It must not be taken for closed: nothing would ever end it.
    expect(connection.isOpen).toBe(true);
    expect(socket.closes).toEqual([]);
    connection.close('NORMAL');
    expect(socket.closes).toEqual([{ code: 1000, reason: 'normal' }]);
  });

  it.each<readonly [hint: number, retryAfterMs: number]>([
    [0, 0],
    [0.2, 1],
    [1500, 1500],
    [-5, 0],
  ])('TR-10 says when to come back: %s', (hint, retryAfterMs) => {
    const { connection, socket } = open().connect('alice');
    connection.close('RESTART', hint);
    expect(parseCloseReason(socket.closes[0]?.reason ?? '')).toEqual({ word: 'restart', retryAfterMs });
  });

  it.each([NaN, Infinity, 1e300])('TR-10 with %s for a hint throws, and leaves the connection as it was', (hint) => {
    const { connection, socket } = open().connect('alice');
    expect(() => {
      connection.close('RESTART', hint);
    }).toThrow(TypeError);
    expect(connection.isOpen).toBe(true);
    expect(socket.closes).toEqual([]);
  });

  it('AZ-15 raises the epoch, once', () => {
    const { connection, socket } = open().connect('alice');
    const { epoch } = connection;
    connection.close('REVOKED');
    connection.close('NORMAL');
    expect(connection.epoch).toBe(epoch + 1);
    expect(socket.closes).toEqual([{ code: 4504, reason: 'revoked' }]);
  });
});

describe('a connection that is not read', () => {
  it('DR-11 is read again before it is closed, or the peer’s answer would never be seen', () => {
    const { connection, socket } = open().connect('alice');
    connection.pause();
    expect(socket.isPaused).toBe(true);
    connection.close('NORMAL');
    expect(socket.isPaused).toBe(false);
  });

  it('DR-11 DR-12 is not closed for a pong that it could not see', () => {
    const { clock, connect } = open();
    const { connection, socket } = connect('alice');
    clock.advance(25_500);
    expect(socket.pings).toHaveLength(1);
    connection.pause();
    clock.advance(60_000);
    expect(socket.closes).toEqual([]);
    connection.resume();
    // From here on the peer has its whole time again.
    clock.advance(9000);
    expect(socket.closes).toEqual([]);
    clock.advance(2000);
    expect(socket.closes).toEqual([{ code: 4008, reason: 'heartbeat-lost' }]);
  });
});

describe('WsConnectionLifecycleService', () => {
  it('finds connections by everything that is given', () => {
    const { connect, lifecycle } = open({}, { sessionId: 's' });
    const [alice, bob] = [connect('alice'), connect('bob')];
    const found = (filter: object): string[] => lifecycle.find(filter).map(({ id }) => id);
    expect(found({})).toEqual(['alice', 'bob']);
    expect(found({ sessionId: 's' })).toEqual(['alice', 'bob']);
    expect(found({ principal: bob.connection.principal.key })).toEqual(['bob']);
    expect(found({ principal: bob.connection.principal.key, connectionId: 'alice' })).toEqual([]);
    expect(found({ path: '/x', address: '127.0.0.1', connectionId: alice.connection.id })).toEqual(['alice']);
    expect(lifecycle.count).toBe(2);
  });

  it('finds the connections of a tenant, and none that has no tenant', () => {
    const { connect, lifecycle } = open({}, { tenant: 'acme' });
    connect('alice');
    expect(lifecycle.find({ tenant: 'acme' })).toHaveLength(1);
    expect(lifecycle.find({ tenant: 'globex' })).toEqual([]);
    expect(lifecycle.find({ tenant: undefined } as object)).toEqual([]);
    expect(lifecycle.figures()).toMatchObject([{ tenant: 'acme' }]);
    const without = open();
    without.connect('bob');
    expect(without.lifecycle.find({ tenant: undefined } as object)).toEqual([]);
    expect(without.lifecycle.figures()).toMatchObject([{ tenant: undefined }]);
  });

  it.each<readonly [what: string, filter: object]>([
    ['a key that was looked up in vain', { principal: undefined }],
    ['a session of nobody', { sessionId: undefined }],
    ['a word that is no filter', { user: 'alice' }],
    ['a misspelt word', { connectionID: 'alice' }],
    ['null', { principal: null }],
  ])('AZ-01 closes nobody for %s, instead of everybody', (_, filter) => {
    const { connect, lifecycle } = open();
    const { socket } = connect('alice');
    expect(lifecycle.disconnect(filter, 'REVOKED')).toBe(0);
    expect(socket.closes).toEqual([]);
  });

  it('SL-03 keeps an identity that ends after the longest timer', () => {
    const { clock, connect } = open(
      { idleTimeoutMs: Infinity, maxLifetimeMs: Infinity },
      { expiresInMs: 60 * 24 * HOUR_MS },
    );
    const { socket, connection } = connect('alice');
    clock.advance(HOUR_MS / 60);
    expect(connection.isExpired).toBe(false);
    expect(socket.closes.filter(({ code }) => code === 4001)).toEqual([]);
  });
});
