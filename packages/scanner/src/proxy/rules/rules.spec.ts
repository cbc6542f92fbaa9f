import { describe, expect, it } from 'vitest';
import type { ProxyMessage } from '../proxy-message.js';
import { applyRule } from './apply-rule.js';
import { ExaminedMessage, MAX_EXAMINED } from './examined-message.js';
import { fitsRule, MAX_LIKE } from './fits-rule.js';
import { isLike } from './is-like.js';
import { readRules } from './read-rules.js';
import type { RuleCondition } from './rule.js';

const message = (text: string | Buffer, more: Partial<ProxyMessage> = {}): ProxyMessage => ({
  ...{ id: 1, connection: 1, direction: 'to-server', isBinary: false, data: Buffer.from(text) },
  ...more,
});

describe('fitsRule', () => {
  const fits = (came: ProxyMessage, when: RuleCondition): boolean => fitsRule(new ExaminedMessage(came), when);
  const order = '{"event":"order.place","data":{"symbol":"ACME","quantity":3,"tags":["a/b"]}}';

  it.each<readonly [when: RuleCondition, text: string, isFit: boolean]>([
    [{}, order, true],
    [{ direction: 'to-server' }, order, true],
    [{ direction: 'to-client' }, order, false],
    [{ event: 'order.place' }, order, true],
    [{ event: 'order' }, order, false],
    [{ event: 'chat' }, '42/admin,7["chat",{}]', true],
    [{ event: 'orders' }, '{"type":"subscribe","payload":{"query":"{ orders { id } }"}}', true],
    [{ event: 'subscribe' }, '{"type":"subscribe"}', true],
    [{ event: 'orders' }, '{"type":"start","id":"1","payload":{"query":"query { all: orders { id } }"}}', true],
    [{ event: 'Send' }, '{"type":1,"target":"Send","arguments":[]}\u001e', true],
    [{ event: 'order' }, '{"event":"order","target":"Send"}', true],
    [{ event: '/app/order' }, 'SEND\ndestination:/app/order\n\n{}\0', true],
    [{ event: '/topic/orders' }, 'MESSAGE\ndestination:/topic/orders\nmessage-id:1\n\n{}\0', true],
    [{ event: 'new_msg' }, '["1","2","room:a","new_msg",{}]', true],
    [{ event: 'new_msg' }, '{"topic":"room:a","event":"new_msg","payload":{},"ref":"1"}', true],
    [{ event: 'place' }, '{"id":1,"rpc":{"method":"place","data":{}}}', true],
    [{ event: 'publish orders' }, '{"id":1,"publish":{"channel":"orders","data":{}}}', true],
    [{ event: 'order' }, '{"method":"order","params":[]}', true],
    [{ contains: 'ACME' }, order, true],
    [{ contains: 'acme' }, order, false],
    [{ like: '*"symbol":"A???"*' }, order, true],
    [{ like: '"symbol"' }, order, false],
    [{ json: { '/data/symbol': 'ACME', '/data/quantity': 3 } }, order, true],
    [{ json: { '/data/tags/0': 'a/b' } }, order, true],
    [{ json: { '/data': { symbol: 'ACME' } } }, order, false],
    [{ json: { '/__proto__': undefined } }, 'no JSON', false],
    [{ json: { '/a~1b/~0': 1 } }, '{"a/b":{"~":1}}', true],
    [{ event: 'order.place', contains: 'missing' }, order, false],
  ])('%j on %s: %s', (when, text, isFit) => {
    expect(fits(message(text), when)).toBe(isFit);
  });

  it('looks into no binary message, and into the beginning of a long one alone', () => {
    expect(fits(message('ACME', { isBinary: true }), { contains: 'ACME' })).toBe(false);
    expect(fits(message('', { isBinary: true }), { direction: 'to-server' })).toBe(true);
    expect(fits(message('', { data: undefined }), { contains: '' })).toBe(false);
    expect(fits(message(`${' '.repeat(MAX_EXAMINED)}ACME`), { contains: 'ACME' })).toBe(false);
    expect(fits(message(`ACME${' '.repeat(MAX_LIKE)}`), { like: 'ACME*' })).toBe(true);
    expect(fits(message(`${' '.repeat(MAX_LIKE)}ACME`), { like: '*ACME' })).toBe(false);
  });
});

describe('applyRule', () => {
  it('SC-02 drops what a replacement would make larger than goes through, and changes what it does not', () => {
    const grow = { do: 'replace', find: 'a', with: 'x'.repeat(40) } as const;
    const large = message('a'.repeat(15_000_000));
    expect(applyRule(large, grow, 'grow')).toEqual({ kind: 'drop', why: 'grow: the result is too large' });
    expect(applyRule(message('a-a'), { ...grow, with: '$&' }, 'same').data?.toString()).toBe('$&-$&');
    const less = { ...grow, find: 'aaa', with: 'b' };
    expect(applyRule(large, less, 'less').data?.length).toBe(5_000_000);
  });
});

describe('isLike', () => {
  it.each([
    ['', '', true],
    ['', '*', true],
    ['a', '', false],
    ['abc', 'a*c', true],
    ['abc', 'a?c', true],
    ['ac', 'a?c', false],
    ['abcbc', 'a*bc', true],
    ['abcbd', 'a*bc', false],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['line\nbreak', 'line*', true],
  ])('%j is like %j: %s', (text, pattern, is) => {
    expect(isLike(text, pattern)).toBe(is);
  });

  it('ends soon on what would keep a regular expression busy for years', () => {
    expect(isLike('a'.repeat(100_000), `${'*a'.repeat(99)}*b`)).toBe(false);
  });
});

describe('readRules', () => {
  const one = (rule: object): string => JSON.stringify({ rules: [rule] });

  it('reads each kind of rule', () => {
    const rules = readRules(
      JSON.stringify({
        rules: [
          { name: 'orders', direction: 'to-server', event: 'order.place', do: 'break' },
          { contains: 'typing', do: 'drop' },
          { like: '*a*', do: 'replace', find: 'a', with: '' },
          { json: { '/a': 1 }, do: 'delay', ms: 60_000 },
          { do: 'replay', times: 100 },
        ],
      }),
    );
    expect(rules.map(({ name, action }) => [name, action])).toEqual([
      ['orders', { do: 'break' }],
      ['rule 2', { do: 'drop' }],
      ['rule 3', { do: 'replace', find: 'a', with: '' }],
      ['rule 4', { do: 'delay', ms: 60_000 }],
      ['rule 5', { do: 'replay', times: 100 }],
    ]);
  });

  it.each([
    ['{', 'it is not JSON.'],
    ['[]', 'it takes { "rules": [...] }'],
    ['{"rules":[]}', 'with 1 to 100 rules'],
    ['{"rules":[1],"more":1}', 'and nothing else'],
    ['{"rules":[1]}', 'rule 1: it is an object'],
    [one({ do: 'explode' }), 'rule 1: "do" is one of break, drop, replace, delay, replay.'],
    [one({ do: 'constructor' }), 'rule 1: "do" is one of'],
    [
      one({ do: 'drop', matches: '(a+)+$' }),
      'rule 1: "matches" is none of name, direction, event, contains, like, json',
    ],
    [one({ do: 'drop', ms: 1 }), '"ms" is none of'],
    [one({ do: 'drop', direction: 'up' }), '"direction" is one of to-server, to-client.'],
    [one({ do: 'drop', contains: '' }), '"contains" is a text of 1 to 200 characters.'],
    [one({ do: 'drop', like: 'a'.repeat(201) }), '"like" is a text of 1 to 200 characters.'],
    [one({ do: 'drop', json: { 'data.symbol': 1 } }), '"json" has a value for each JSON Pointer'],
    [one({ do: 'replace' }), '"with" is a text'],
    [one({ do: 'delay', ms: 60_001 }), '"ms" is a whole number from 1 to 60000.'],
    [one({ do: 'replay', times: 0 }), '"times" is a whole number from 1 to 100.'],
  ])('refuses %s', (content, says) => {
    expect(() => readRules(content)).toThrow(TypeError);
    expect(() => readRules(content)).toThrow(says);
  });
});

describe('applyRule', () => {
  it('replaces the whole text, or every place; never bytes', () => {
    const changed = (action: object, given = message('a-b-a')): string | undefined =>
      applyRule(given, { do: 'replace', with: 'x', ...action }, '').data?.toString();
    expect(changed({})).toBe('x');
    expect(changed({ find: 'a', with: '$&' })).toBe('$&-b-$&');
    expect(changed({ find: 'c' })).toBeUndefined();
    expect(changed({}, message('a', { isBinary: true }))).toBeUndefined();
  });
});
