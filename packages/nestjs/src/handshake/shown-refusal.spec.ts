import { CLOSE_CODES, parseCloseReason } from '@secure-ws/protocol';
import { createHash } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusalReason, refuse } from './handshake-refusal.js';
import type { OriginVerdict } from './origin-policy.js';
import { readRequestHead } from './request-head.js';
import { markShown, shownResponse } from './shown-refusal.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ALLOWED: OriginVerdict = { kind: 'allowed', origin: undefined, text: 'https://app.example.com' };

function contextOf(origin: OriginVerdict, subprotocols: string | undefined) {
  const request = new IncomingMessage(new Socket());
  request.rawHeaders.push('Sec-WebSocket-Key', KEY);
  if (subprotocols !== undefined) request.rawHeaders.push('Sec-WebSocket-Protocol', subprotocols);
  const observer = {
    onLimit: () => undefined,
    onForwardingIgnored: () => undefined,
    onCertificateIgnored: () => undefined,
  };
  const input = { request, socket: request.socket, endpointAt: () => undefined, observer };
  const context = new HandshakeContext(input, readRequestHead(request));
  context.origin = origin;
  return context;
}

function read(answer: Buffer) {
  const end = answer.indexOf('\r\n\r\n');
  const [line = '', ...fields] = answer.subarray(0, end).toString('latin1').split('\r\n');
  return {
    line,
    headers: Object.fromEntries(fields.map((field) => field.split(': ') as [string, string])),
    frame: answer.subarray(end + 4),
  };
}

describe('markShown', () => {
  it.each<[HandshakeRefusalReason, number]>([
    ['address-rate', 4029],
    ['address-backoff', 4029],
    ['address-pending', 4029],
    ['address-connections', 4508],
    ['unauthenticated', 4401],
    ['authenticator-unavailable', 1013],
    ['overloaded', 1013],
    ['timeout', 1013],
    ['csrf', 4403],
    ['guard', 4403],
    ['principal-rate', 4029],
    ['principal-backoff', 4029],
    ['principal-connections', 4508],
    ['internal', 1011],
  ])('shows %s to a page of an allowed origin as %d', (reason, code) => {
    const { shown } = markShown(refuse(reason), contextOf(ALLOWED, 'bearer.a.b.c, secure-ws.v1'));
    expect(shown?.key).toBe(KEY);
    expect(CLOSE_CODES[shown?.close ?? 'NORMAL'].code).toBe(code);
  });

  it.each<[string, OriginVerdict, string | undefined]>([
    ['a page of another origin', { kind: 'denied' }, 'secure-ws.v1'],
    ['a client without an Origin', { kind: 'absent' }, 'secure-ws.v1'],
    ['a page that speaks plain JSON', ALLOWED, 'json.v1'],
    ['a page that offers nothing', ALLOWED, undefined],
    ['a page that offers garbage', ALLOWED, 'secure-ws.v1,,'],
  ])('OD-06 shows nothing to %s', (_, origin, subprotocols) => {
    expect(markShown(refuse('unauthenticated'), contextOf(origin, subprotocols))).not.toHaveProperty('shown');
  });

  it.each<HandshakeRefusalReason>([
    'plaintext',
    'origin-not-allowed',
    'origin-missing',
    'bad-subprotocol',
    'not-ready',
  ])('OD-06 never shows %s', (reason) => {
    expect(markShown(refuse(reason), contextOf(ALLOWED, 'secure-ws.v1'))).toBe(refuse(reason));
  });
});

describe('shownResponse', () => {
  const answerTo = (reason: HandshakeRefusalReason, retryAfterMs?: number) => {
    const refusal = markShown(
      refuse(reason, retryAfterMs === undefined ? undefined : { retryAfterMs }),
      contextOf(ALLOWED, 'secure-ws.v1, bearer.marker'),
    );
    if (refusal.shown === undefined) throw new Error('It must be shown.');
    return read(shownResponse({ ...refusal, shown: refusal.shown }));
  };

  it('HS-10 OD-11 completes the handshake as RFC 6455 asks, names our protocol alone and forbids storing', () => {
    const { line, headers } = answerTo('unauthenticated');
    expect(line).toBe('HTTP/1.1 101 Switching Protocols');
    expect(headers).toEqual({
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Cache-Control': 'no-store',
      'Sec-WebSocket-Accept': createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'),
      'Sec-WebSocket-Protocol': 'secure-ws.v1',
    });
  });

  it.each<[HandshakeRefusalReason, number | undefined, number, string]>([
    ['unauthenticated', undefined, 4401, 'unauthenticated'],
    ['guard', undefined, 4403, 'not-admitted'],
    ['csrf', undefined, 4403, 'not-admitted'],
    ['address-rate', 7_300, 4029, 'throttled;retryAfterMs=7300'],
    ['address-rate', undefined, 4029, 'throttled;retryAfterMs=5000'],
    ['address-connections', 5_000, 4508, 'connection-limit'],
    ['overloaded', undefined, 1013, 'overloaded;retryAfterMs=5000'],
  ])('TR-10 TR-11 closes %s with one frame', (reason, retryAfterMs, code, expected) => {
    const { frame } = answerTo(reason, retryAfterMs);
    // Final, opcode 8, unmasked (RFC 6455 section 5.2).
    expect(frame[0]).toBe(0x88);
    expect(frame[1]).toBe(frame.length - 2);
    expect(frame.readUInt16BE(2)).toBe(code);
    const text = frame.subarray(4).toString('utf8');
    expect(text).toBe(expected);
    expect(parseCloseReason(text)).toBeDefined();
  });
});
