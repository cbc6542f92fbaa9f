import { describe, expect, it } from 'vitest';
import { isGrantedAlike, PolicyGrant } from './policy-grant.js';
import { Grant } from './ws-policy.js';

class One {
  authorize(): boolean {
    return true;
  }
}
class Two extends One {}

const rows = (filter?: object, policy = One) => new PolicyGrant(policy, undefined, filter);

describe('isGrantedAlike', () => {
  it.each<[string, readonly unknown[], readonly unknown[], boolean]>([
    ['nothing', [], [], true],
    [
      'one policy, whatever it has loaded',
      [new PolicyGrant(One, { a: 1 }, undefined)],
      [new PolicyGrant(One, { a: 2 }, undefined)],
      true,
    ],
    ['the same filter', [rows({ ownerId: 'alice' })], [rows({ ownerId: 'alice' })], true],
    ['another filter', [rows({ ownerId: 'alice' })], [rows({ ownerId: 'bob' })], false],
    ['a filter where there was none', [rows()], [rows({ ownerId: 'alice' })], false],
    ['no filter where there was one', [rows({ ownerId: 'alice' })], [rows()], false],
    ['another policy', [rows()], [rows(undefined, Two)], false],
    ['one more', [rows()], [rows(), rows()], false],
    ['one less', [rows(), rows()], [rows()], false],
    ['another order', [rows(), rows({ a: 1 })], [rows({ a: 1 }), rows()], false],
    ['the second of two', [rows(), rows({ a: 1 })], [rows(), rows({ a: 2 })], false],
    ['what no policy has given before', [new Grant(undefined)], [rows()], false],
    ['what no policy has given now', [rows()], [new Grant(undefined)], false],
    ['true', [true], [true], false],
  ])('SL-11 AZ-07 compares policies and filters: %s', (_, before, after, alike) => {
    expect(isGrantedAlike(before, after)).toBe(alike);
  });
});
