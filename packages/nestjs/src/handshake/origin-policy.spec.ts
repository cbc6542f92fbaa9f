import { describe, expect, it } from 'vitest';
import { formatOrigin, type Origin, parseOrigin } from './origin.js';
import { judgeOrigin, type OriginRules } from './origin-policy.js';

function origin(text: string): Origin {
  const parsed = parseOrigin(text);
  if (parsed === undefined) throw new Error(`${text} is no origin`);
  return parsed;
}

const rules = (exact: readonly string[], more: Partial<OriginRules> = {}): OriginRules => ({
  exact: exact.map(origin),
  parents: [],
  allowAny: false,
  allowNull: false,
  ...more,
});

const APP = rules(['https://app.example.com', 'http://localhost:4200', 'capacitor://localhost', 'https://[::1]:8443']);

describe('judgeOrigin', () => {
  it.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['HTTPS://APP.example.COM', 'https://app.example.com'],
    ['http://localhost:4200', 'http://localhost:4200'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['https://[0:0:0:0:0:0:0:1]:8443', 'https://[::1]:8443'],
  ])('HS-01 allows the listed origin %s', (field, text) => {
    expect(judgeOrigin(field, APP)).toMatchObject({ kind: 'allowed', text });
  });

  it.each([
    'https://evil.example',
    'https://example.com',
    'http://localhost',
    'ionic://localhost',
    'https://[::2]:8443',
  ])('HS-01 denies %s', (field) => {
    expect(judgeOrigin(field, APP).kind).toBe('denied');
  });

  // The corpus of STEWS and of the examples of CWE-1385.
  it.each([
    'https://app.example.com.evil.example',
    'https://evil-app.example.com',
    'https://evilapp.example.com',
    'https://evil.example/app.example.com',
    'https://evil.example?app.example.com',
    'https://evil.example#app.example.com',
    'https://x.app.example.com',
    'https://app.example.co',
    'https://app.example.comm',
    'https://appAexample.com',
    'https://app.exampleAcom',
    'http://app.example.com',
    'wss://app.example.com',
    'ws://app.example.com',
    'https://app.example.com:444',
    'https://app.example.com:80',
    'https://app.example.com:0443',
    'https://app.example.com:',
    'https://app.example.com:443:443',
    'https://app.example.com:65979',
    'https://app.example.com.',
    'https://app.example.com..',
    'https://.app.example.com',
    'https://app..example.com',
    'https://app.example.com@evil.example',
    'https://app.example.com:443@evil.example',
    'https://user@app.example.com',
    'https://user:pass@app.example.com',
    'https://evil.example@app.example.com',
    'https://app.example.com`evil.example',
    'https://app.example.com_evil.example',
    'https://app.example.com_.evil.example',
    'https://app.example.com{evil.example',
    'https://app.example.com}.evil.example',
    'https://app.example.com|evil.example',
    'https://app.example.com^.evil.example',
    'https://app.example.com\\.evil.example',
    "https://app.example.com'.evil.example",
    'https://app.example.com".evil.example',
    'https://app.example.com!.evil.example',
    'https://app.example.com&.evil.example',
    'https://app.example.com$.evil.example',
    'https://app.example.com;evil.example',
    'https://app.example.com,https://evil.example',
    'https://app.example.com, https://evil.example',
    'https://evil.example, https://app.example.com',
    'https://app.example.com https://evil.example',
    ' https://app.example.com',
    'https://app.example.com ',
    'https://app.example.com\t',
    'https:// app.example.com',
    'https://app.example.com\u00a0',
    'https://app.example.com\0',
    'https://app.example.com%00',
    'https://app.example.com%2eevil.example',
    'https://app%2eexample.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https:/app.example.com',
    'https:app.example.com',
    'https:///app.example.com',
    'https:\\\\app.example.com',
    '//app.example.com',
    'app.example.com',
    'https',
    '://app.example.com',
    'https://',
    '1https://app.example.com',
    'xhttps://app.example.com',
    'https://app.ex\u00e4mple.com',
    'https://app.ex\u00e2mple.com',
    'https://xn--app-example.com',
    'https://app\u3002example.com',
    'https://\u24d0pp.example.com',
    'https://127.0.0.1',
    'https://*.example.com',
    '*',
    '',
    ' ',
    'NULL',
    'undefined',
    'file://',
    `https://${'a'.repeat(60_000)}.app.example.com`,
  ])('HS-02 denies %j', (field) => {
    expect(judgeOrigin(field, APP).kind).toBe('denied');
  });

  it('HS-03 denies the opaque origin unless it was allowed by name', () => {
    expect(judgeOrigin('null', APP).kind).toBe('denied');
    expect(judgeOrigin('null', rules([], { allowAny: true })).kind).toBe('denied');
    expect(judgeOrigin('null', rules([], { allowNull: true }))).toEqual({
      kind: 'allowed',
      origin: undefined,
      text: 'null',
    });
  });

  it('HS-04 tells a missing Origin from an empty one', () => {
    expect(judgeOrigin(undefined, APP).kind).toBe('absent');
    expect(judgeOrigin('', APP).kind).toBe('denied');
  });

  it('HS-01 denies every browser where no origin is listed', () => {
    expect(judgeOrigin('https://app.example.com', rules([])).kind).toBe('denied');
  });

  it.each([
    ['https://a.example.com', 'allowed'],
    ['https://a.b.example.com', 'allowed'],
    ['https://a.example.com:443', 'allowed'],
    ['https://example.com', 'denied'],
    ['https://evil-example.com', 'denied'],
    ['https://evilexample.com', 'denied'],
    ['http://a.example.com', 'denied'],
    ['http://a.example.com:443', 'denied'],
    ['wss://a.example.com', 'denied'],
    ['https://a.example.com.', 'denied'],
    ['https://a.example.com:8443', 'denied'],
    ['https://a.example.com.evil.example', 'denied'],
    ['https://.example.com', 'denied'],
    ['https://a..example.com', 'denied'],
    ['capacitor://a.example.com', 'denied'],
  ])('HS-01 HS-02 compares the subdomain %s label by label: %s', (field, kind) => {
    expect(judgeOrigin(field, rules([], { parents: ['example.com'] })).kind).toBe(kind);
  });

  it.each([
    ['https://evil.example', 'allowed'],
    ['https://evil.example/path', 'denied'],
  ])('with any origin allowed, judges %s: %s', (field, kind) => {
    expect(judgeOrigin(field, rules([], { allowAny: true })).kind).toBe(kind);
  });
});

describe('formatOrigin', () => {
  it.each([
    ['http://a.example:80', 'http://a.example'],
    ['https://a.example:80', 'https://a.example:80'],
    ['app://bundle:1', 'app://bundle:1'],
  ])('writes %s as %s', (text, expected) => {
    expect(formatOrigin(origin(text))).toBe(expected);
  });
});
