import { decorated, requireModule } from '../nest/module-required.guard.js';
import { defineOnce } from '../nest/written-once.js';
import { type DtoClass, isValidatable } from './dto/dto-metadata.js';
import { isStandardSchema, type StandardSchema } from '../core/standard-schema.js';

/** What one value of a payload can be declared as. */
export type PayloadType = DtoClass | StringConstructor | NumberConstructor | BooleanConstructor | StandardSchema;

/** What a handler's payload can be declared as: one value, or `[Item]` for a list. */
export type PayloadDeclaration = PayloadType | readonly [PayloadType];

/**
 * The type of the parameter that a declared payload arrives in: the output of a Standard Schema, an instance of a class, a
 * primitive, or a list of these.
 *
 * @example
 * ```ts
 * @WsPayload(Rename)
 * @SubscribeMessage('room.rename')
 * rename(@MessageBody() rename: WsPayloadOf<typeof Rename>) {}
 * ```
 */
export type WsPayloadOf<Declaration> = Declaration extends readonly [infer Item]
  ? WsPayloadOf<Item>[]
  : Declaration extends StandardSchema<infer Output>
    ? Output
    : Declaration extends StringConstructor
      ? string
      : Declaration extends NumberConstructor
        ? number
        : Declaration extends BooleanConstructor
          ? boolean
          : Declaration extends abstract new (...args: never[]) => infer Instance
            ? Instance
            : never;

/** For whom a DTO class is read in one handler; see {@link WsPayload}. */
export interface WsPayloadOptions {
  /**
   * The groups that count here, as `groups` of class-validator and class-transformer: a property whose rules or `@Expose` are
   * all for other groups is unknown, and refused. Rules without a group belong to every group.
   *
   * A DTO whose rules have groups needs them, or the boot fails; so does a group that the DTO does not know.
   *
   * @default none
   */
  readonly groups?: readonly [string, ...string[]];
  /**
   * The version of the payload, as `version` of class-transformer: what `@Expose({ since, until })` shows to other versions is
   * unknown, and refused.
   *
   * A DTO with versions needs one, or the boot fails.
   *
   * @default none
   */
  readonly version?: number;
}

/** What {@link WsPayload} leaves on a method. */
export interface DeclaredPayload {
  readonly declaration: unknown;
  readonly options: WsPayloadOptions | undefined;
}

/** Metadata key of {@link WsPayload}. */
export const WS_PAYLOAD_METADATA = 'secure-ws:payload';

/**
 * Declares the payload of a handler where TypeScript's metadata cannot: `[Item]` for a list, `String`, `Number` or
 * `Boolean` for a primitive, a Standard Schema object, or a class where the parameter is an interface; and the groups and
 * the version that a class is read for.
 *
 * @example
 * ```ts
 * @WsPayload([OrderLine])
 * @SubscribeMessage('order.lines')
 * ```
 *
 * @example
 * ```ts
 * @WsPayload(Profile, { groups: ['create'], version: 2 })
 * @SubscribeMessage('profile.create')
 * ```
 */
export function WsPayload(declaration: unknown, options?: WsPayloadOptions): MethodDecorator {
  return (target: object, _key: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    defineOnce(WS_PAYLOAD_METADATA, { declaration, options } satisfies DeclaredPayload, owner);
  };
}

/** Whether a declared payload is one that can be validated (MV-02). */
export function isPayloadDeclaration(value: unknown): value is PayloadDeclaration {
  return Array.isArray(value) ? value.length === 1 && isPayloadType(value[0]) : isPayloadType(value);
}

function isPayloadType(value: unknown): value is PayloadType {
  const isPrimitive = value === String || value === Number || value === Boolean;
  return isPrimitive || isStandardSchema(value) || isValidatable(value);
}
