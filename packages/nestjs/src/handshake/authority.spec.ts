import { describe, expect, it } from 'vitest';
import { isLoopbackHostname, parseAuthority } from './authority.js';

describe('parseAuthority', () => {
  it.each([
    ['app.example.com', { hostname: 'app.example.com', port: undefined }],
    ['APP.Example.com:8443', { hostname: 'app.example.com', port: 8443 }],
    ['localhost:3000', { hostname: 'localhost', port: 3000 }],
    ['127.0.0.1', { hostname: '127.0.0.1', port: undefined }],
    ['[::1]:80', { hostname: '[::1]', port: 80 }],
    ['[2001:DB8:0:0::1]', { hostname: '[2001:db8::1]', port: undefined }],
    ['xn--mnchen-3ya.de', { hostname: 'xn--mnchen-3ya.de', port: undefined }],
  ])('reads %s', (text, expected) => {
    expect(parseAuthority(text)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    '[',
    '[]',
    '[::1',
    '[::1]]',
    '[:::]',
    '[::1%25eth0]',
    '[fe80::1%eth0]',
    '::1',
    'a:',
    'a:0',
    'a:080',
    'a:65536',
    'a:1:2',
    'a:-1',
    'a..b',
    '.a',
    'a.',
    'user@a',
    'a/b',
    'a\\b',
    'a b',
    'a\tb',
    'a,b',
    'a?b',
    'a#b',
    '%61',
    '*.example.com',
    'm\u00fcnchen.de',
    '\u212aelvin.example',
    '\u0080\u00ff',
    `${'a.'.repeat(40_000)}a`,
    'a\r\nb',
    'app.example.com\n',
  ])('HS-02 HS-23 takes %j for no host, without a throw', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});

describe('isLoopbackHostname', () => {
  it.each(['localhost', '127.0.0.1', '127.255.0.9', '[::1]'])('knows %s', (name) => {
    expect(isLoopbackHostname(name)).toBe(true);
  });

  it.each([
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.1',
    'evil-localhost',
    '128.0.0.1',
    '[::2]',
    '0.0.0.0',
  ])('HS-08 does not take %s for this machine', (name) => {
    expect(isLoopbackHostname(name)).toBe(false);
  });
});
