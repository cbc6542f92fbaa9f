import type { Awaitable } from '../core/awaitable.js';
import { takeHoldBriefly } from '../core/give-up.js';
import { deny, type Denial, type Grant, grant, type WsPolicy, type WsPolicyContext } from './ws-policy.js';

/** What names an object: a string, or a whole number. */
export type WsBatchId = string | number;

/** How many ids a message may name, unless a policy says otherwise. */
const DEFAULT_MAX_IDS = 100;

/**
 * A policy for messages that name several objects: one look-up for all of them, and all or none. The handler gets exactly
 * the objects that were judged, in the order in which the message names them, by `@WsResource()`.
 *
 * Refused, with the answer of any other denial: an id that is not there, an object that the principal may not use, no id at
 * all, the same id twice (whoever acts once for each would act twice), and more than {@link maxIds}. What the look-up finds
 * besides is dropped.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class OwnDocuments extends WsBatchPolicy<DeleteDocuments, Document> {
 *   constructor(private readonly documents: DocumentsService) {
 *     super();
 *   }
 *
 *   idsOf({ documentIds }: DeleteDocuments) {
 *     return documentIds;
 *   }
 *
 *   find(ids: readonly string[]) {
 *     return this.documents.findMany(ids);
 *   }
 *
 *   idOf(document: Document) {
 *     return document.id;
 *   }
 *
 *   allows(document: Document, { principal }: WsPolicyContext) {
 *     return document.ownerId === principal.id;
 *   }
 * }
 * ```
 */
export abstract class WsBatchPolicy<Data, Resource, Id extends WsBatchId = string> implements WsPolicy<
  Data,
  readonly Resource[]
> {
  /** How many ids one message may name. @default 100 */
  readonly maxIds: number = DEFAULT_MAX_IDS;

  /** The ids that a message names. */
  protected abstract idsOf(data: Data): readonly Id[];

  /** Finds the objects of all ids in one go, in any order. Called once for each message, with at most {@link maxIds} ids. */
  protected abstract find(ids: readonly Id[], context: WsPolicyContext<Data>): Awaitable<Iterable<Resource>>;

  /** The id of an object, of the same type and spelling as in the message. */
  protected abstract idOf(resource: Resource): Id;

  /** Whether the principal may use an object. Only `true` is a yes. */
  protected abstract allows(resource: Resource, context: WsPolicyContext<Data>): Awaitable<boolean>;

  /** Judges one message. Not meant to be overridden. */
  async authorize(context: WsPolicyContext<Data>): Promise<Grant<readonly Resource[]> | Denial> {
    const ids: readonly unknown[] = this.idsOf(context.data);
    if (!Array.isArray(ids) || ids.length === 0 || !(ids.length <= this.maxIds)) return denyWith(ids);
    // Copied before it is looked at: what is checked is what is looked up.
    const asked = [...(ids as readonly Id[])];
    if (!asked.every(isId) || new Set(asked).size !== asked.length) return denyWith(asked);
    const all = await this.find(Object.freeze([...asked]), context);
    const found = this.#byId(all, new Set(asked));
    // All or none, and nothing is asked about the rest where one is missing.
    if (found.size !== asked.length) return denyWith(all);
    const resources = asked.map((id) => found.get(id) as Resource);
    // Within an async function: what one throws at once must not leave the rejections of others without a reader.
    const verdicts = await Promise.all(resources.map(async (resource) => this.allows(resource, context)));
    return verdicts.every((verdict) => (verdict as unknown) === true) ? grant(Object.freeze(resources)) : deny();
  }

  #byId(found: Iterable<Resource>, asked: ReadonlySet<Id>): ReadonlyMap<Id, Resource> {
    const byId = new Map<Id, Resource>();
    for (const resource of found) {
      const id = this.idOf(resource);
      if (!asked.has(id)) {
        takeHoldBriefly(id);
        takeHoldBriefly(resource);
        continue;
      }
      if (byId.has(id)) {
        throw new TypeError(
          `${this.constructor.name}.find() found two objects of one id: which one is meant is not clear.`,
        );
      }
      byId.set(id, resource);
    }
    return byId;
  }
}

/** Where it was asynchronous by mistake, nobody waits for it (DR-14). */
function denyWith(left: unknown): Denial {
  takeHoldBriefly(left);
  return deny();
}

function isId(id: unknown): boolean {
  return (typeof id === 'string' && id !== '') || Number.isSafeInteger(id);
}
