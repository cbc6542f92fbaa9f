import { describe, expect, it } from 'vitest';
import { parseForwarded } from './forwarded-field.js';

describe('parseForwarded', () => {
  it.each<[string, readonly (readonly [string | undefined, string | undefined])[]]>([
    ['for=192.0.2.1', [['192.0.2.1', undefined]]],
    ['For="[2001:db8::1]:4711"; PROTO=https', [['[2001:db8::1]:4711', 'https']]],
    [
      'for=192.0.2.1;proto=http;by=10.0.0.1, for=10.0.0.2 ; proto=https',
      [
        ['192.0.2.1', 'http'],
        ['10.0.0.2', 'https'],
      ],
    ],
    [
      'proto=https,for=_hidden',
      [
        [undefined, 'https'],
        ['_hidden', undefined],
      ],
    ],
  ])('HS-14 reads %s', (field, expected) => {
    expect(parseForwarded(field)?.map((element) => [element.for, element.proto])).toEqual(expected);
  });

  it.each([
    '',
    'for',
    'for=',
    'for=192.0.2.1;',
    'for=192.0.2.1,',
    ',for=192.0.2.1',
    'for =192.0.2.1',
    'for=192.0.2.1;for=10.0.0.1',
    'for=[2001:db8::1]',
    'for="192.0.2.1',
    // What a client writes before the element of its proxy, to swallow it.
    'for=198.51.100.1;x=", for="[2001:db8::1]";proto=https',
    'for=198.51.100.1;x="\\", for=192.0.2.1;proto=https',
    'for=192.0.2.1 for=10.0.0.1',
    Array.from({ length: 33 }, () => 'for=192.0.2.1').join(','),
  ])('HS-14 reads nothing of %j', (field) => {
    expect(parseForwarded(field)).toBeUndefined();
  });

  it('HS-23 takes time in proportion to the length', () => {
    for (const part of [' ', 'a', 'for=', 'for="', ';']) expect(parseForwarded(part.repeat(16_000))).toBeUndefined();
  });
});
