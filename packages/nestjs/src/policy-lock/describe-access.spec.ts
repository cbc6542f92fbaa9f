import { describe, expect, it } from 'vitest';
import type { AuthorizationDecision } from '../authorization/authorization-plan.js';
import { allOf, anyOf, type WsRequirement } from '../authorization/requirement.js';
import { describeAccess } from './describe-access.js';

class OwnRows {
  authorize = () => true;
}

class AllRows {
  authorize = () => true;
}

const accessOf = (...requirements: readonly WsRequirement[]) =>
  describeAccess({ isPublic: false, requirements } as unknown as AuthorizationDecision, () => 'AppModule');

describe('who may call a handler, in the lock', () => {
  it.each<readonly [string, WsRequirement, WsRequirement]>([
    ['policies', anyOf(OwnRows, AllRows), anyOf(AllRows, OwnRows)],
    ['a policy beside roles', anyOf(OwnRows, { roles: ['a'] }), anyOf({ roles: ['a'] }, OwnRows)],
    ['policies deeper', anyOf(allOf(OwnRows, { roles: ['b'] }), { roles: ['a'] }), anyOf({ roles: ['a'] }, allOf({ roles: ['b'] }, OwnRows))], // prettier-ignore
  ])('AZ-12 tells the order of anyOf(), which decides what is granted: %s', (_what, one, other) => {
    expect(accessOf(one)).not.toEqual(accessOf(other));
  });

  it('does not tell an order that decides nothing', () => {
    expect(accessOf(anyOf({ roles: ['a'] }, { roles: ['b'] }))).toEqual(
      accessOf(anyOf({ roles: ['b'] }, { roles: ['a'] })),
    );
    expect(accessOf(OwnRows, AllRows)).toEqual(accessOf(AllRows, OwnRows));
    expect(accessOf(anyOf(allOf(OwnRows, AllRows)))).toEqual(accessOf(anyOf(allOf(AllRows, OwnRows))));
  });
});
