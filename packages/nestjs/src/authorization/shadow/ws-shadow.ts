import type { WsRequirement } from '../requirement.js';

/** A rule that is tried beside the one that holds. */
export interface WsShadow {
  /** What `@WsAuthorize()` would ask for instead: a policy, roles and scopes, `anyOf(...)` or `allOf(...)`. */
  readonly shadow: WsRequirement;
}

/** What one `@WsAuthorize()` asks for, and what it would ask for instead. */
export class Shadowed {
  constructor(
    readonly requirements: readonly WsRequirement[],
    /** One, unless the decorator is wrong. */
    readonly shadows: readonly WsRequirement[],
  ) {}
}

/** Tells what one `@WsAuthorize()` asks for from what it would ask for instead. */
export function withShadow(asked: readonly (WsRequirement | WsShadow)[]): readonly (WsRequirement | Shadowed)[] {
  const requirements: WsRequirement[] = [];
  const shadows: WsRequirement[] = [];
  for (const item of asked) {
    if (!isShadow(item)) requirements.push(item);
    else {
      const { shadow, ...rest } = item;
      shadows.push(shadow);
      // Roles beside the shadow, in one object: they hold. Dropped, the handler would be open to everybody.
      if (Object.keys(rest).length > 0) requirements.push(rest);
    }
  }
  return shadows.length === 0 ? requirements : [new Shadowed(requirements, shadows)];
}

/** Whether an argument of `@WsAuthorize()` names a shadow. */
function isShadow(argument: WsRequirement | WsShadow): argument is WsShadow {
  // What is not an object is told with the requirements.
  return typeof argument === 'object' && (argument as object | null) !== null && Object.hasOwn(argument, 'shadow');
}

/** What holds, of all that decorators ask for. */
export function requirementsIn(asked: readonly (WsRequirement | Shadowed)[]): readonly WsRequirement[] {
  return asked.flatMap((item) => (item instanceof Shadowed ? item.requirements : [item]));
}

/** What would hold instead; `undefined` where nothing is tried. */
export function shadowIn(asked: readonly (WsRequirement | Shadowed)[]): readonly WsRequirement[] | undefined {
  if (!asked.some((item) => item instanceof Shadowed)) return undefined;
  return asked.flatMap((item) => (item instanceof Shadowed ? item.shadows : [item]));
}

/** Says what is wrong with the shadows of a handler. */
export function shadowProblem(asked: readonly (WsRequirement | Shadowed)[]): string | undefined {
  const isTwice = asked.some((item) => item instanceof Shadowed && item.shadows.length > 1);
  return isTwice ? 'one @WsAuthorize() takes one shadow; write anyOf(...) or allOf(...) in it' : undefined;
}
