import { Inject } from '@nestjs/common';
import type { Awaitable } from '../../core/awaitable.js';
import { deny, grant, type WsPolicy, type WsPolicyContext, type WsPolicyDecision } from '../ws-policy.js';
import { CedarEngine } from './cedar-engine.js';
import type { CedarEntity, CedarUid, CedarValue } from './cedar-values.js';

/**
 * A policy that asks a {@link CedarEngine} about one object. Extend it, say the action, where the object is and what Cedar
 * sees of it; what was judged goes to the handler by `@WsResource()`.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class MayShare extends CedarPolicy<SharePhoto, Photo> {
 *   protected readonly action = 'share';
 *
 *   constructor(private readonly photos: PhotosService) {
 *     super();
 *   }
 *
 *   protected resource({ data }: WsPolicyContext<SharePhoto>) {
 *     return this.photos.find(data.photoId);
 *   }
 *
 *   protected entityOf(photo: Photo) {
 *     return { type: 'Photo', id: photo.id, attributes: { owner: { type: 'User', id: photo.ownerId } } };
 *   }
 * }
 * ```
 */
export abstract class CedarPolicy<Data = unknown, Resource extends object = object> implements WsPolicy<
  Data,
  Resource
> {
  // By property: a subclass has a constructor of its own and need not pass this on.
  @Inject(CedarEngine)
  private readonly cedarEngine!: CedarEngine;

  /** The id of the action, of the type `Action`; or its whole name where it has a namespace. */
  protected abstract readonly action: string | CedarUid;

  /** Loads what is judged. `undefined` and `null` deny, like what is not there. */
  protected abstract resource(context: WsPolicyContext<Data>): Awaitable<Resource | null | undefined>;

  /** What Cedar sees of the object. */
  protected abstract entityOf(resource: Resource): CedarEntity;

  /** Cedar's `context` of the request. What a client sent belongs here, and never into an attribute. @default {} */
  protected context?(context: WsPolicyContext<Data>): Readonly<Record<string, CedarValue | undefined>>;

  /** Further entities that the policies look at, such as the folder of a file and its parents. @default none */
  protected entities?(context: WsPolicyContext<Data>, resource: Resource): Awaitable<readonly CedarEntity[]>;

  /**
   * Judges one message.
   *
   * @throws Error where Cedar has no decision, see {@link CedarEngine.permits}.
   */
  async authorize(context: WsPolicyContext<Data>): Promise<WsPolicyDecision<Resource>> {
    const resource = await this.resource(context);
    if (resource === undefined || resource === null) return deny();
    const permitted = this.cedarEngine.permits({
      principal: context.principal,
      action: this.action,
      resource: this.entityOf(resource),
      context: this.context?.(context) ?? {},
      entities: (await this.entities?.(context, resource)) ?? [],
    });
    return permitted ? grant(resource) : deny();
  }
}
