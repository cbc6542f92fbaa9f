import { describe, expect, it } from 'vitest';
import { parseStrictJsonObject } from './strict-json.js';

const parse = (text: string): unknown => parseStrictJsonObject(Buffer.from(text));

describe('parseStrictJsonObject', () => {
  it.each([
    '{}',
    '{"a":1}',
    '{"a":{"b":[{"c":"x:y{}[]"}]},"d":null}',
    '{"a":"\\"","b":"\\\\","c:":":"}',
    '{"a":[{"x":1},{"x":1}],"x":2}',
    ' {"ä":"€😀"} ',
  ])('takes %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"b":2,"a":3}}',
    '{"x":[0,{"a":1,"a":1}]}',
    '{"":1,"":2}',
  ])('J23 refuses a member that occurs twice: %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it.each(['{"__proto__":{}}', '{"a":{"constructor":1}}', '{"a":[[{"prototype":1}]]}', '{"\\u005f_proto__":1}'])(
    'J24 refuses a name that reaches a prototype: %s',
    (text) => {
      expect(parse(text)).toBeUndefined();
    },
  );

  it.each([
    '',
    'null',
    '1',
    '"a"',
    '[]',
    '[{}]',
    '{',
    '{"a":1',
    '{"a":1}}',
    '{"a":1}{}',
    "{'a':1}",
    '{"a":1,}',
    '\ufeff{}',
    '{"a":"\\',
    ':::',
    '"',
  ])('J33 refuses what is not one JSON object: %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a byte that never occurs', [0xff]],
  ])('J33 refuses invalid UTF-8: %s', (_, bytes) => {
    const text = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(parseStrictJsonObject(text)).toBeUndefined();
  });

  it('J33 takes 16 levels and refuses 17', () => {
    const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    expect(parse(nested(16))).toBeDefined();
    expect(parse(nested(17))).toBeUndefined();
  });
});
