import type { AnyAbility } from '@casl/ability';

/** How the rules of an ability name what they are about: a text, or the class of it. */
export type CaslSubjectType = string | (abstract new (...args: never[]) => object);

/** Of a rule of CASL, what is asked of it. */
type Rule = ReturnType<AnyAbility['rulesFor']>[number];

/**
 * The rules of one ability for one action on one type.
 *
 * `ability.can()` itself has two answers that allow too much: asked with a text, such as an id in place of the object, it
 * ignores every condition; asked without a field, it says yes where only some field may be changed. Neither can be asked here.
 */
export class ActionRules {
  /**
   * @param owner the policy, for what is thrown.
   * @throws TypeError for what is not an ability, or one that spells the type in another way than the policy.
   */
  constructor(
    private readonly ability: AnyAbility,
    private readonly action: string,
    private readonly subjectType: CaslSubjectType,
    private readonly owner: string,
  ) {
    if (typeof (ability as Partial<AnyAbility> | undefined)?.rulesFor !== 'function') {
      throw new TypeError(`${owner}: CaslAbilities.abilityOf() answered no ability.`);
    }
    if (typeof action !== 'string' || action === '' || subjectType === '' || subjectType === undefined) {
      throw new TypeError(`${owner}: action and subjectType must not be empty.`);
    }
    const other = this.#otherSpelling();
    if (other === undefined) return;
    // A rule `cannot('update', Article)` would not be seen by who asks about 'Article'.
    throw new TypeError(
      `${owner}: its subjectType is ${spelling(subjectType)}, and a rule names ${spelling(other)}: write one of the two everywhere.`,
    );
  }

  /** Whether a rule for this action is about some fields only. */
  get haveFields(): boolean {
    return this.ability.possibleRulesFor(this.action, this.subjectType).some((rule) => rule.fields !== undefined);
  }

  /** Whether the object may be touched at all, and each of the fields, by the rule that comes first. */
  allow(item: object, fields: readonly string[]): boolean {
    return this.#allowsOne(item, undefined) && fields.every((field) => this.#allowsOne(item, field));
  }

  /** The rules, the most important first. */
  list(): readonly Rule[] {
    return this.ability.rulesFor(this.action, this.subjectType);
  }

  #allowsOne(item: object, field: string | undefined): boolean {
    for (const rule of this.ability.rulesFor(this.action, this.subjectType, field)) {
      const matches: unknown = rule.matchesConditions(item);
      if (typeof matches !== 'boolean') {
        throw new TypeError(`${this.owner}: the conditions matcher of the ability answered neither true nor false.`);
      }
      if (matches) return !rule.inverted;
    }
    return false;
  }

  #otherSpelling(): unknown {
    const name = nameOf(this.subjectType);
    return this.ability.rules
      .flatMap(({ subject }: { readonly subject?: unknown }) =>
        Array.isArray(subject) ? (subject as unknown[]) : [subject],
      )
      .find((subject) => subject !== this.subjectType && nameOf(subject) === name);
  }
}

/** As CASL names a class. */
function nameOf(subject: unknown): unknown {
  if (typeof subject !== 'function') return subject;
  const { modelName } = subject as { readonly modelName?: unknown };
  return modelName ?? subject.name;
}

function spelling(subject: unknown): string {
  return typeof subject === 'function' ? `the class ${subject.name}` : `'${String(subject)}'`;
}
