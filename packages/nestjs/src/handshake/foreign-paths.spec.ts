import { describe, expect, it } from 'vitest';
import { isForeignPath } from './foreign-paths.js';

const PATHS = new Set(['/graphql', '/socket.io/']);

describe('isForeignPath', () => {
  it.each(['/graphql', '/graphql?query=x', '/socket.io/?EIO=4&transport=websocket'])(
    'DP-04 leaves %s alone',
    (target) => {
      expect(isForeignPath(target, PATHS)).toBe(true);
      expect(isForeignPath(target, new Set())).toBe(false);
    },
  );

  it.each([
    '/chat',
    '/graphql/',
    '/GraphQL',
    '/graphql/../chat',
    '/chat/../graphql',
    '//graphql',
    '/%67raphql',
    'http://a.example/graphql',
    'graphql',
    '*',
    '',
  ])('HS-09 DP-04 keeps %j', (target) => {
    expect(isForeignPath(target, PATHS)).toBe(false);
  });
});
