import { getMetadataStorage } from 'class-validator';

const NAME = 'wsInputRoles';

type Rule = Parameters<ReturnType<typeof getMetadataStorage>['addValidationMetadata']>[0];

/**
 * Closes a property of a DTO to input: only a sender with one of these roles may name it. For everybody else it does not
 * exist: a message that names it is refused as one with an unknown property is (`VALIDATION_FAILED`, rule
 * `whitelistValidation`), and its rules are not asked, `@IsDefined()` included.
 *
 * It holds in nested classes, lists and records too. What goes out is closed by `@Expose({ groups })` and `@WsReply()`.
 * A `WsValidationPipe` without `WsAuthorizeGuard` knows no sender, and lets nobody name it.
 *
 * @example
 * ```ts
 * @WsInputRoles('admin')
 * @IsIn(['reader', 'writer'])
 * role?: string;
 * ```
 */
export function WsInputRoles(...roles: readonly [string, ...string[]]): PropertyDecorator {
  return (target, property) => {
    // It lies where class-validator keeps its rules, so that PartialType() and its like take it along to their classes. With a
    // type of its own: of a property that a subclass declares once more, class-validator forgets the inherited rules of the
    // types that stand there.
    getMetadataStorage().addValidationMetadata({
      type: NAME,
      name: NAME,
      target: target.constructor,
      propertyName: property as string,
      constraints: [Object.freeze([...roles])],
    } as unknown as Rule);
  };
}

/** Whether a rule of class-validator is none, but closes its property. */
export function isInputRoles({ name }: { readonly name?: string }): boolean {
  return name === NAME;
}

/** The properties of a class, and of those above it, that are closed to input, each with the roles that open it. */
export function inputRolesOf(type: new () => object): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const storage = getMetadataStorage();
  // Class by class: of a property that a subclass declares once more, class-validator forgets the rules above it.
  for (
    let at: unknown = type;
    typeof at === 'function' && at !== Function.prototype;
    at = Object.getPrototypeOf(at) as unknown
  ) {
    for (const rule of storage.getTargetValidationMetadatas(at, '', true, false)) {
      const roles: unknown = rule.constraints?.[0];
      if (isInputRoles(rule) && !found.has(rule.propertyName)) found.set(rule.propertyName, roles as readonly string[]);
    }
  }
  return found;
}

/** Whether a class says more than once of one property who may name it. */
export function isClosedTwice(type: new () => object, property: string): boolean {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  const own = rules.filter((rule) => rule.target === type && rule.propertyName === property);
  return own.filter(isInputRoles).length > 1;
}
