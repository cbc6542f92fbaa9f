import { describe, expect, it } from 'vitest';
import { anyOf, type WsRequirement } from '../requirement.js';
import type { WsPolicy } from '../ws-policy.js';
import { requirementsIn, Shadowed, shadowIn, shadowProblem, withShadow, type WsShadow } from './ws-shadow.js';

class Owner implements WsPolicy {
  authorize(): boolean {
    return true;
  }
}
const ADMIN: WsRequirement = { roles: ['admin'] };
const READ: WsRequirement = { scopes: ['read'] };
const EITHER = anyOf(Owner, ADMIN);

describe('withShadow', () => {
  it.each<readonly [what: string, asked: readonly (WsRequirement | WsShadow)[]]>([
    ['nothing', []],
    ['requirements', [Owner, ADMIN, EITHER]],
  ])('AZ-02 leaves %s without a shadow as they are', (_, asked) => {
    expect(withShadow(asked)).toEqual(asked);
  });

  it.each<
    readonly [
      what: string,
      asked: readonly (WsRequirement | WsShadow)[],
      holds: readonly WsRequirement[],
      tried: readonly WsRequirement[],
    ]
  >([
    ['alone', [{ shadow: Owner }], [], [Owner]],
    ['behind what holds', [ADMIN, { shadow: EITHER }], [ADMIN], [EITHER]],
    ['in front of what holds', [{ shadow: READ }, ADMIN], [ADMIN], [READ]],
    ['in one object with roles, which hold', [{ ...ADMIN, shadow: Owner }], [ADMIN], [Owner]],
    ['twice', [{ shadow: Owner }, ADMIN, { shadow: READ }], [ADMIN], [Owner, READ]],
    ['that is undefined', [{ shadow: undefined } as unknown as WsShadow], [], [undefined as unknown as WsRequirement]],
  ])('AZ-02 AZ-10 tells a shadow %s from what holds', (_, asked, holds, tried) => {
    const [only, ...others] = withShadow(asked);
    expect(others).toEqual([]);
    expect(only).toBeInstanceOf(Shadowed);
    expect(only).toEqual(new Shadowed(holds, tried));
  });

  it.each([null, undefined, 'shadow', Object.create({ shadow: Owner }) as object])(
    'AZ-01 leaves %j, which names no shadow, to who judges requirements',
    (argument) => {
      expect(withShadow([argument as WsRequirement])).toEqual([argument]);
    },
  );
});

describe('what decorators ask for', () => {
  const asked = [ADMIN, new Shadowed([READ], [Owner]), EITHER];

  it('AZ-02 holds without its shadows', () => {
    expect(requirementsIn(asked)).toEqual([ADMIN, READ, EITHER]);
    expect(requirementsIn([ADMIN, EITHER])).toEqual([ADMIN, EITHER]);
    expect(requirementsIn([new Shadowed([], [Owner])])).toEqual([]);
  });

  it('AZ-02 is tried with its shadows in the place of what they replace', () => {
    expect(shadowIn(asked)).toEqual([ADMIN, Owner, EITHER]);
    expect(shadowIn([new Shadowed([ADMIN], [Owner])])).toEqual([Owner]);
    expect(shadowIn([ADMIN, EITHER])).toBeUndefined();
    expect(shadowIn([])).toBeUndefined();
  });

  it('AZ-01 has one shadow in each decorator', () => {
    const twice = new Shadowed([], [Owner, READ]);
    const problem = 'one @WsAuthorize() takes one shadow; write anyOf(...) or allOf(...) in it';
    expect(shadowProblem([ADMIN, twice])).toBe(problem);
    expect(shadowProblem(asked)).toBeUndefined();
    expect(shadowProblem([new Shadowed([], [Owner]), new Shadowed([], [READ])])).toBeUndefined();
    expect(shadowProblem([])).toBeUndefined();
  });
});
