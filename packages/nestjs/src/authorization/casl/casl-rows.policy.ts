import { rulesToCondition } from '@casl/ability/extra';
import { Inject } from '@nestjs/common';
import { deny, grantRows, type WsPolicy, type WsPolicyContext, type WsPolicyDecision } from '../ws-policy.js';
import { ActionRules, type CaslSubjectType } from './action-rules.js';
import { CaslAbilities } from './casl-abilities.js';

/** What {@link CaslRowsPolicy} grants: a filter in the language of MongoDB; `{}` where everything may be seen. */
export interface CaslRowFilter {
  readonly $and?: readonly object[];
  readonly $or?: readonly object[];
  readonly $nor?: readonly object[];
  readonly [field: string]: unknown;
}

/**
 * A policy for lists: the conditions of the principal's CASL ability become the row filter that the handler narrows its
 * query by, with `@WsRowFilter()`. Who may see nothing is refused.
 *
 * Put the filter beside what the client asks for, never under it: `find({ $and: [filter, wanted] })`. A spread would let a
 * key of the client's replace one of the filter.
 */
export abstract class CaslRowsPolicy<Data = unknown> implements WsPolicy<Data, undefined> {
  @Inject(CaslAbilities)
  private readonly caslAbilities!: CaslAbilities;

  /** The action that is asked for, such as `read`. */
  protected abstract readonly action: string;

  /** What the rows are, as the rules name them: by a text or by a class. */
  protected abstract readonly subjectType: CaslSubjectType;

  /**
   * Judges one message.
   *
   * @throws TypeError where a rule names fields, which no row filter could honour, or has conditions that are no query.
   */
  async authorize({ principal }: WsPolicyContext<Data>): Promise<WsPolicyDecision<undefined>> {
    const owner = this.constructor.name;
    const ability = await this.caslAbilities.abilityOf(principal);
    const rules = new ActionRules(ability, this.action, this.subjectType, owner);
    if (rules.haveFields) {
      throw new TypeError(`${owner}: a rule for '${this.action}' names fields, and a row filter leaves out no column.`);
    }
    const filter = rulesToCondition(
      rules.list(),
      ({ conditions, inverted }): CaslRowFilter => {
        if (typeof conditions !== 'object' || conditions === null) {
          throw new TypeError(`${owner}: a rule for '${this.action}' has conditions that are no query.`);
        }
        return inverted ? { $nor: [conditions] } : (conditions as CaslRowFilter);
      },
      {
        and: (conditions): CaslRowFilter => ({ $and: conditions }),
        or: (conditions): CaslRowFilter => ({ $or: conditions }),
        empty: (): CaslRowFilter => ({}),
      },
    );
    return filter === null ? deny() : grantRows(filter);
  }
}
