import { describe, expect, it } from 'vitest';
import { auditedPath, requestPath } from './request-path.js';

describe('requestPath', () => {
  it.each([
    ['/', '/'],
    ['/chat', '/chat'],
    ['/chat/', '/chat/'],
    ['/chat?token=a', '/chat'],
    ['/chat?', '/chat'],
    ['/chat?a=//b/../c', '/chat'],
    ['/v1/orders.live', '/v1/orders.live'],
    ['/...', '/...'],
    ['/a%20b', '/a%20b'],
    ["/a-b_c~d!$&'()*+,;=:@", "/a-b_c~d!$&'()*+,;=:@"],
  ])('HS-09 reads the path of %s as %s', (target, path) => {
    expect(requestPath(target)).toBe(path);
  });

  it.each([
    '',
    '*',
    'chat',
    '?chat',
    'http://evil.example/chat',
    'ws://evil.example/chat',
    '//chat',
    '//evil.example/chat',
    '/chat//',
    '/x/../chat',
    '/./chat',
    '/chat/.',
    '/chat/..',
    '/..',
    '/.',
    '/x/%2e%2e/chat',
    '/x/%2E./chat',
    '/.%2e/chat',
    '/%2fchat',
    '/x%2Fchat',
    '/x%5cchat',
    '/x\\chat',
    '\\chat',
    '/chat%00',
    '/chat%0d%0a',
    '/chat%252e',
    '/chat%7f',
    '/chat#fragment',
    '/chat;\u0000',
    '/chat chat',
    '/chat\t',
    '/chat\r\n',
    '/chat"',
    '/<chat>',
  ])('HS-09 has no path for %j', (target) => {
    expect(requestPath(target)).toBeUndefined();
  });

  it.each(['/%', '/%z', '/%zz', '/%2', '/%c3%28%', '/\u0080', '/\u00ff\u00fe', '/\ud800', `/${'%'.repeat(60_000)}`])(
    'HS-23 survives %j',
    (target) => {
      expect(requestPath(target)).toBeUndefined();
    },
  );
});

describe('auditedPath', () => {
  it.each([
    ['/chats', '/chats'],
    ['/chats?token=secret', '/chats'],
    ['http://evil.example/chat', 'http://evil.example/chat'],
    ['/a\u0000\u001b[31m\u202eb\u00ff', '/a??[31m?b?'],
    [`/${'a'.repeat(300)}`, `/${'a'.repeat(199)}`],
    ['', ''],
  ])('AN-17 F42 says of %j no more than %j', (target, audited) => {
    expect(auditedPath(target)).toBe(audited);
  });
});
