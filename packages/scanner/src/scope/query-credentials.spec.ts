import { expect, it } from 'vitest';
import { openingParameters, withoutParameters } from './query-credentials.js';

it.each<readonly [query: string, names: readonly string[], rest: string]>([
  ['?room=7&ticket=abc', ['ticket'], '/ws?room=7'],
  ['?access_token=abc', ['access_token'], '/ws'],
  ['?Access-Token=a&Access-Token=b&x=%20', ['Access-Token'], '/ws?x=%20'],
  ['?%74oken=abc&flag', ['token'], '/ws?flag'],
  ['?x-api-key=a&userSession=1&key=room&code=5', ['x-api-key'], '/ws?userSession=1&key=room&code=5'],
  ['?who=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', ['who'], '/ws'],
  ['?EIO=4&transport=websocket&sid=abc', ['sid'], '/ws?EIO=4&transport=websocket'],
  ['', [], '/ws'],
])('AN-01 what opens the target in %s is %j', (query, names, rest) => {
  const url = new URL(`ws://127.0.0.1/ws${query}`);
  expect(openingParameters(url)).toEqual(names);
  expect(withoutParameters(url, openingParameters(url))).toBe(rest);
});
