import { Inject } from '@nestjs/common';
import type { Awaitable } from '../../core/awaitable.js';
import { deny, grant, type WsPolicy, type WsPolicyContext, type WsPolicyDecision } from '../ws-policy.js';
import { OpenFgaApi, type OpenFgaTuple } from './open-fga-api.js';
import type { OpenFgaObject } from './open-fga.options.js';

/**
 * A policy that asks OpenFGA whether the principal has a relation to an object. Extend it, say the relation, which object it
 * is and where it is; what was found goes to the handler by `@WsResource()`.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class DocumentEditor extends OpenFgaPolicy<EditDocument, Document> {
 *   protected readonly relation = 'editor';
 *
 *   constructor(private readonly documents: DocumentsService) {
 *     super();
 *   }
 *
 *   protected resource({ data }: WsPolicyContext<EditDocument>) {
 *     return this.documents.find(data.documentId);
 *   }
 *
 *   protected objectOf(document: Document) {
 *     return { type: 'document', id: document.id };
 *   }
 * }
 * ```
 */
export abstract class OpenFgaPolicy<Data = unknown, Resource extends object = object> implements WsPolicy<
  Data,
  Resource
> {
  // By property: a subclass has a constructor of its own and need not pass this on.
  @Inject(OpenFgaApi)
  private readonly openFgaApi!: OpenFgaApi;

  /** The relation that is asked for, such as `editor`. */
  protected abstract readonly relation: string;

  /** Loads what is judged. `undefined` and `null` deny, like what is not there. */
  protected abstract resource(context: WsPolicyContext<Data>): Awaitable<Resource | null | undefined>;

  /** The object of OpenFGA that it is. */
  protected abstract objectOf(resource: Resource): OpenFgaObject;

  /** Relations that hold for this message only, such as the groups that a token names. @default none */
  protected contextualTuples?(context: WsPolicyContext<Data>): readonly OpenFgaTuple[];

  /** What the conditions of the model read. @default none */
  protected context?(context: WsPolicyContext<Data>): Readonly<Record<string, unknown>>;

  /**
   * Judges one message.
   *
   * @throws Error where OpenFGA gives no clear answer, see {@link OpenFgaApi.check}.
   */
  async authorize(context: WsPolicyContext<Data>): Promise<WsPolicyDecision<Resource>> {
    const resource = await this.resource(context);
    if (resource === undefined || resource === null) return deny();
    const conditions = this.context?.(context);
    const allowed = await this.openFgaApi.check({
      principal: context.principal,
      relation: this.relation,
      object: this.objectOf(resource),
      contextualTuples: this.contextualTuples?.(context) ?? [],
      ...(conditions !== undefined && { context: conditions }),
    });
    return allowed ? grant(resource) : deny();
  }
}
