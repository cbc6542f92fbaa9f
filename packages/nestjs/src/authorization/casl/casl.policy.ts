import { Inject } from '@nestjs/common';
import type { Awaitable } from '../../core/awaitable.js';
import { deny, grant, type WsPolicy, type WsPolicyContext, type WsPolicyDecision } from '../ws-policy.js';
import { ActionRules, type CaslSubjectType } from './action-rules.js';
import { CaslAbilities } from './casl-abilities.js';

/**
 * A policy that asks the principal's CASL ability about one object. Extend it, say the action, the type and where the object
 * is; what was judged goes to the handler by `@WsResource()`.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class CanUpdateArticle extends CaslPolicy<UpdateArticle, Article> {
 *   protected readonly action = 'update';
 *   protected readonly subjectType = 'Article';
 *
 *   constructor(private readonly articles: ArticlesService) {
 *     super();
 *   }
 *
 *   protected resource({ data }: WsPolicyContext<UpdateArticle>) {
 *     return this.articles.find(data.articleId);
 *   }
 * }
 * ```
 */
export abstract class CaslPolicy<Data = unknown, Resource extends object = object> implements WsPolicy<Data, Resource> {
  // By property: a subclass has a constructor of its own and need not pass this on.
  @Inject(CaslAbilities)
  private readonly caslAbilities!: CaslAbilities;

  /** The action that is asked for, such as `update`. */
  protected abstract readonly action: string;

  /** What the object is, as the rules name it: by a text or by a class. */
  protected abstract readonly subjectType: CaslSubjectType;

  /**
   * Loads what is judged: an object, or a list of which each must pass. `undefined`, `null` and an empty list deny, like
   * what is not there.
   */
  protected abstract resource(context: WsPolicyContext<Data>): Awaitable<Resource | null | undefined>;

  /**
   * The fields that the message reads or changes: each must be allowed. Needed where a rule for the action names fields.
   */
  protected fields?(context: WsPolicyContext<Data>, resource: Resource): readonly string[];

  /**
   * Judges one message.
   *
   * @throws TypeError where the ability names fields and the policy does not, and for what is not an ability or an object.
   */
  async authorize(context: WsPolicyContext<Data>): Promise<WsPolicyDecision<Resource>> {
    const resource = await this.resource(context);
    if (resource === undefined || resource === null) return deny();
    // One by one: to a condition of CASL, a list is what any of its members is.
    const items: readonly unknown[] = Array.isArray(resource) ? resource : [resource];
    if (items.length === 0) return deny();
    const owner = this.constructor.name;
    const ability = await this.caslAbilities.abilityOf(context.principal);
    const rules = new ActionRules(ability, this.action, this.subjectType, owner);
    const fields = this.#fieldsOf(rules, context, resource);
    for (const item of items) {
      // An id, or a class, has no property that a condition could be about.
      if (typeof item !== 'object' || item === null) throw new TypeError(`${owner}: resource() answered no object.`);
      if (!rules.allow(item, fields)) return deny();
    }
    return grant(resource);
  }

  #fieldsOf(rules: ActionRules, context: WsPolicyContext<Data>, resource: Resource): readonly string[] {
    const fields: unknown = this.fields?.(context, resource);
    if (fields === undefined) {
      if (!rules.haveFields) return [];
      throw new TypeError(
        `${this.constructor.name}: a rule for '${this.action}' names fields; say in fields() which ones a message touches.`,
      );
    }
    // Copied, because every() passes over the holes of a list.
    const names = Array.isArray(fields) ? [...(fields as unknown[])] : [undefined];
    const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';
    if (names.every(isName)) return names;
    throw new TypeError(`${this.constructor.name}: fields() must answer a list of names.`);
  }
}
