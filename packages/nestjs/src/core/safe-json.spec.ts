import { describe, expect, it } from 'vitest';
import { decodeJson, type JsonLimits, type JsonRefusalReason } from './safe-json.js';

const LIMITS: JsonLimits = { maxDepth: 20, maxKeys: 200, maxNodes: 1000 };

const nest = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const objectOf = (keys: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, index])));
const reasonOf = (text: string, limits: JsonLimits = LIMITS): JsonRefusalReason | 'accepted' => {
  const result = decodeJson(text, limits);
  return result.ok ? 'accepted' : result.reason;
};

describe('decodeJson', () => {
  it.each([
    ['an envelope', '{"event":"order.place","data":{"a":[1,2,{"b":null}],"c":"x"},"id":7}'],
    ['white space around everything', ' \n\t{ "a" : [ 1 , { } , [ ] ] , "b" : "" }\r\n '],
    ['structure inside strings', '{"a":"{[:,]}\\"__proto__\\":1,","b":"\\\\","c":"\\\\\\""}'],
    ['escaped characters', '{"\\u0061":"\\ud83d\\ude00 \\/ \\b"}'],
    ['escaped pairs and direction marks', '["\\ud83d\\ude00","\\u202e\\u200f\\ufeff"]'],
    ['forbidden keys as values', '["__proto__","constructor","prototype"]'],
    ['keys that only look forbidden', '{"__proto":1,"Constructor":2,"prototypes":3,"proto":4}'],
    ['an array index as a key', '{"1":1,"0":2}'],
    ['a string', '"text"'],
    ['a number', '-0.5e-3'],
    ['null', 'null'],
  ])('decodes %s', (_, text) => {
    expect(decodeJson(text, LIMITS)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
  });

  it.each([
    ['nothing', ''],
    ['white space', ' '],
    ['a byte order mark', '\ufeff{}'],
    ['trailing text', '{} x'],
    ['two documents', '{}{}'],
    ['two lines of documents', '{}\n{}'],
    ['an unclosed string', '{"a":"b'],
    ['a string that ends in a backslash', '"a\\'],
    ['an escaped closing quote', '{"a":"b\\"}'],
    ['an unclosed object', '{"a":1'],
    ['too many closing brackets', '[1]]'],
    ['a trailing comma', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['NaN', 'NaN'],
    ['Infinity', '-Infinity'],
    ['undefined', 'undefined'],
    ['a comment', '{} // x'],
    ['a control character in a string', '"a\nb"'],
  ])('MV-12 refuses %s', (_, text) => {
    expect(decodeJson(text, LIMITS)).toEqual({ ok: false, reason: 'syntax' });
  });

  it.each([
    ['{"__proto__":1}'],
    ['{"constructor":{"prototype":{"isAdmin":true}}}'],
    ['{"prototype":null}'],
    ['{"data":{"a":[{"b":{"__proto__":{"polluted":1}}}]}}'],
    ['{"\\u005f_proto__":{"polluted":1}}'],
    ['{"\\u005f\\u005fpr\\u006fto\\u005f\\u005f":1}'],
    ['{"constr\\u0075ctor":1}'],
    ['[[{"prototyp\\u0065":1}]]'],
  ])('MV-04 refuses the key in %s', (text) => {
    expect(reasonOf(text)).toBe('forbidden-key');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('MV-04 refuses a forbidden key at every depth that is allowed', () => {
    for (let depth = 1; depth < LIMITS.maxDepth; depth++) {
      const text = `${'{"a":'.repeat(depth)}{"__proto__":1}${'}'.repeat(depth)}`;
      expect(reasonOf(text)).toBe('forbidden-key');
    }
  });

  it.each([
    ['{"event":"a","event":"b"}'],
    ['{"a":1,"a":1}'],
    ['{"a":1,"b":2,"\\u0061":3}'],
    ['{"data":{"x":[{"y":1,"y":2}]}}'],
    ['{"1":1,"1":2}'],
    ['{"":1,"":2}'],
    // What is under the first of two equal keys is lost, and its members with it.
    ['{"a":{"b":1},"a":2}'],
    ['{"a":"x:y,\\"{","a":1}'],
  ])('MV-05 refuses the duplicate key in %s', (text) => {
    expect(reasonOf(text)).toBe('duplicate-key');
  });

  it.each([['1e999'], ['-1e999'], ['{"a":1e309}'], ['{"a":[0,[-1e400]]}']])(
    'MV-06 refuses %s, which would arrive as Infinity',
    (text) => {
      expect(reasonOf(text)).toBe('number');
    },
  );

  it.each([
    ['"\\u0000"'],
    ['["a",{"b":"c\\u0000d"}]'],
    ['{"a\\u0000":1}'],
    ['"\\ud800"'],
    ['"\\udc00\\ud800"'],
    ['{"a":["x\\ud83d"]}'],
    ['{"\\udfff":1}'],
  ])('MV-10 refuses %s: a null character or half a surrogate pair', (text) => {
    expect(reasonOf(text)).toBe('text');
  });

  it.each<[string, string, JsonRefusalReason | 'accepted']>([
    ['20 levels', nest(20), 'accepted'],
    ['21 levels', nest(21), 'depth'],
    ['32,000 levels in 64 KB', nest(32_000), 'depth'],
    ['32,000 levels that never close', '['.repeat(32_000), 'depth'],
    ['objects and arrays, mixed', '{"a":['.repeat(11), 'depth'],
    ['200 keys', objectOf(200), 'accepted'],
    ['201 keys', objectOf(201), 'keys'],
    ['201 keys further down', `[{"a":${objectOf(201)}}]`, 'keys'],
    ['1,000 values', `[${'0,'.repeat(998)}0]`, 'accepted'],
    ['1,001 values', `[${'0,'.repeat(999)}0]`, 'nodes'],
    ['10,000 keys', objectOf(10_000), 'nodes'],
    ['999 empty objects, one value each', `[${'{ },'.repeat(998)}{ }]`, 'accepted'],
    ['1,000 empty objects and their list', `[${'{ },'.repeat(999)}{ }]`, 'nodes'],
  ])('MV-06 of %s: %s', (_, text, expected) => {
    expect(reasonOf(text)).toBe(expected);
  });

  it('MV-06 stops at the first excess and leaves the rest of the text unread', () => {
    // What follows is no JSON at all: it was not looked at.
    expect(reasonOf(`${nest(21)} and then something else`)).toBe('depth');
    expect(reasonOf(`[${'0,'.repeat(1000)} and then something else`)).toBe('nodes');
  });

  it('MV-06 counts brackets, colons and commas outside of strings only', () => {
    const text = JSON.stringify({ a: '[{:,'.repeat(5000), b: '"\\'.repeat(5000) });
    expect(reasonOf(text, { maxDepth: 1, maxKeys: 2, maxNodes: 3 })).toBe('accepted');
  });

  it('answers every refusal with one of a few frozen objects, which carry nothing of the text', () => {
    const first = decodeJson('{"secret":', LIMITS);
    expect(first).toBe(decodeJson('[another', LIMITS));
    expect(Object.isFrozen(first)).toBe(true);
    expect(JSON.stringify(first)).not.toContain('secret');
  });
});
