import { describe, expect, it } from 'vitest';
import type { HarEntry } from './har-entry.js';
import { messagesOfHar } from './messages-of-har.js';
import { readHar } from './read-har.js';
import { EntryRedactor } from './redact-entry.js';
import { writeHar } from './write-har.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
const ENTRY: HarEntry = {
  url: 'wss://api.example.com/chat?ticket=one-time-ticket&v=1',
  startedAt: Date.UTC(2026, 10, 28),
  request: [
    { name: 'Authorization', value: 'Bearer hidden-token-1' },
    { name: 'Cookie', value: 'sid=hidden-session; theme=dark' },
    { name: 'Sec-WebSocket-Protocol', value: `bearer, ${JWT}, opaque-token-of-thirty-letters` },
    { name: 'Origin', value: 'https://app.example.com' },
  ],
  status: 101,
  response: [{ name: 'Set-Cookie', value: 'sid=another-session' }],
  messages: [
    { type: 'send', time: 1_795_824_001.5, opcode: 1, data: '{"event":"login","data":{"password":"hunter2"}}' },
    { type: 'receive', time: 1_795_824_002, opcode: 1, data: `welcome hidden-session ${JWT}` },
    {
      type: 'send',
      time: 1_795_824_003,
      opcode: 2,
      data: Buffer.from('\x01hidden-token-1\xff', 'latin1').toString('base64'),
    },
    { type: 'send', time: 1_795_824_004, opcode: 1, data: '{"event":"chat.say"}' },
  ],
};

describe('HAR', () => {
  it('reads back what it has written, where secrets are kept', () => {
    expect(readHar(writeHar([ENTRY], { keepsSecrets: true }))).toEqual([ENTRY]);
  });

  it('SC-08 writes no credential of the handshake, its query, its messages', () => {
    const written = writeHar([ENTRY]);
    for (const secret of [
      'hidden-token-1',
      'hidden-session',
      'one-time-ticket',
      JWT,
      'hunter2',
      'another-session',
      'opaque-token',
    ])
      expect(written).not.toContain(secret);
    const [entry] = readHar(written);
    expect(entry?.request).toContainEqual({ name: 'Origin', value: 'https://app.example.com' });
    expect(Buffer.from(entry?.messages[2]?.data ?? '', 'base64').toString('latin1')).toBe('\x01[redacted]\xff');
    expect(entry?.messages[3]).toEqual(ENTRY.messages[3]);
  });

  it.each([
    ['x-JWT aa.JWT bearer_JWT', 'x-[redacted] aa.[redacted] bearer_JWT'],
    ['eyJ.eyJ-.JWT', 'eyJ.eyJ-.[redacted]'],
  ])('SC-08 takes a JWT out of %s', (text, expected) => {
    const redactor = new EntryRedactor('ws://a/', []);
    expect(redactor.text(text.replaceAll('JWT', JWT))).toBe(expected.replaceAll('JWT', JWT));
  });

  it.each(['eyJ-', 'eyJ-eyJ-.', 'eyJaaaaa.aa', 'a.', '"token":"', '"token":"\\'])(
    'SC-08 is not kept busy by megabytes of %s',
    (part) => {
      const redactor = new EntryRedactor('ws://a/', []);
      for (const end of ['', '.aa.bb', '"'])
        expect(redactor.text(part.repeat(4_000_000 / part.length) + end)).not.toBe('');
    },
  );

  it('SC-08 shows of the beginning of a text no half of a credential', () => {
    const redactor = new EntryRedactor(ENTRY.url, ENTRY.request);
    for (const secret of ['hidden-session', JWT]) {
      const text = `said ${secret} and ${secret}`;
      for (let length = 0; length <= text.length; length++)
        expect(`said [redacted] and `).toContain(redactor.beginning(text.slice(0, length)));
    }
  });

  it('keeps what a query says of how something is spoken', () => {
    const redactor = new EntryRedactor('ws://a/?EIO=4&transport=websocket&ticket=a%2Bb-secret', []);
    expect(redactor.text('Upgrade: websocket a+b-secret a%2Bb-secret')).toBe(
      'Upgrade: websocket [redacted] [redacted]',
    );
  });

  it('reads what Firefox writes, and passes over what is no WebSocket', () => {
    const socket = { request: { url: 'https://a.example/x' }, _webSocketMessages: [] };
    const content = JSON.stringify({ log: { entries: [{ request: { url: 'https://a.example/y.js' } }, socket] } });
    expect(readHar(`\ufeff${content}`)).toMatchObject([{ url: 'wss://a.example/x', messages: [] }]);
  });

  it.each([
    ['{', 'it is not JSON.'],
    ['[]', 'it is no HAR: it has no "log" with "entries".'],
    ['null', 'it is no HAR: it has no "log" with "entries".'],
    [har({ _webSocketMessages: [] }), 'entry 1 has no "url" of a WebSocket.'],
    [har({ request: { url: 'ws://a' }, _webSocketMessages: 1 }), '"_webSocketMessages" of entry 1 is no array.'],
    [har(withMessage({ type: 'x' })), '"type" of message 1 of entry 1 is neither "send" nor "receive".'],
    [har(withMessage({ type: 'send' })), '"data" of message 1 of entry 1 is no text.'],
    [har(withMessage({ type: 'send', data: '' })), '"opcode" of message 1 of entry 1 is not a number.'],
  ])('says what is wrong with %s', (content, sentence) => {
    expect(() => readHar(content)).toThrow(new TypeError(sentence));
  });
});

describe('messagesOfHar()', () => {
  const text = (data: string, type: 'send' | 'receive' = 'send') => ({ type, data, time: 0, opcode: 1 });
  const entry = (url: string, ...messages: HarEntry['messages']): HarEntry => ({ ...ENTRY, url, messages });

  it('takes each text once that was sent, and nothing that Engine.IO says by itself', () => {
    const messages = ['a', '2', '2probe', '40{"token":"x"}', 'a', '42["b"]', ' '].map((data) => text(data));
    expect(messagesOfHar([entry('ws://a/', ...messages, text('c', 'receive'))], 'ws://a', 9)).toEqual(['a', '42["b"]']);
  });

  it('SC-01 takes nothing that was sent to another host or port, or over TLS where the target has none', () => {
    const entries = [entry('ws://a/x', text('1')), entry('ws://b/x', text('no')), entry('ws://a:81/x', text('no'))];
    entries.push(entry('wss://a/x', text('no')), entry('wss://a:80/x', text('no')));
    expect(messagesOfHar(entries, 'ws://a', 9)).toEqual(['1']);
  });

  it('takes no more than it may', () => {
    expect(messagesOfHar([entry('ws://a/', text('a'), text('b'), text('c'))], 'ws://a', 2)).toEqual(['a', 'b']);
  });
});

function har(entry: object): string {
  return JSON.stringify({ log: { entries: [entry] } });
}

function withMessage(message: object): object {
  return { request: { url: 'ws://a' }, _webSocketMessages: [message] };
}
