import type { BootProblems } from '../core/boot-problems.js';
import { isValidatable } from '../validation/dto/dto-metadata.js';
import { checkDto } from '../validation/dto/dto-problems.js';
import {
  isPayloadDeclaration,
  type PayloadDeclaration,
  WS_PAYLOAD_METADATA,
} from '../validation/ws-payload.decorator.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';

/** What a handler takes as data. */
export interface HandlerPayload {
  /** `undefined` where the handler takes none. */
  readonly declaration: PayloadDeclaration | undefined;
}

/** What TypeScript emits for `any`, interfaces, unions, generics and primitives: nothing that could be validated. */
const UNTYPED: ReadonlySet<unknown> = new Set([
  Object,
  Array,
  String,
  Number,
  Boolean,
  Function,
  Promise,
  Symbol,
  BigInt,
]);

/**
 * Finds the declared payload of a handler: `@WsPayload`, a schema in `@MessageBody`, or the type of the parameter.
 *
 * @returns `undefined` where a payload is taken that nothing can validate; a problem says why (MV-02).
 */
export function readPayload(handler: HandlerRecord, problems: BootProblems): HandlerPayload | undefined {
  const declared = Reflect.getMetadata(WS_PAYLOAD_METADATA, handler.callback) as unknown;
  if (declared !== undefined) return checkDeclared(handler, declared, problems);
  const parameters = payloadParameters(handler);
  if (parameters.length === 0) return { declaration: undefined };
  const schema = parameters.map(({ schema }) => schema).find((found) => found !== undefined);
  if (schema !== undefined) return checkDeclared(handler, schema, problems);
  if (parameters.some(({ property }) => property !== undefined)) {
    problems.add(
      handler.label,
      'takes one property of the payload, so that its type says nothing about the others.',
      `add @WsPayload(TheDto) above @SubscribeMessage`,
    );
    return undefined;
  }
  if (handler.types === undefined) {
    problems.add(
      handler.label,
      'takes a payload, but the transpiler emitted no parameter types.',
      'set "emitDecoratorMetadata": true in tsconfig.json (for swc: "decoratorMetadata": true in .swcrc), or add @WsPayload(TheDto); esbuild and tsx have no such option',
    );
    return undefined;
  }
  const types = parameters.map(({ index }) => handler.types?.[index]);
  return checkType(handler, types, problems);
}

interface PayloadParameter {
  readonly index: number;
  readonly property: unknown;
  readonly schema: unknown;
}

function payloadParameters(handler: HandlerRecord): PayloadParameter[] {
  if (handler.parameters === undefined) {
    // Without decorators Nest passes (client, data); fewer than two parameters take no data.
    return handler.callback.length >= 2 ? [{ index: 1, property: undefined, schema: undefined }] : [];
  }
  return handler.parameters
    .filter((parameter) => parameter.isPayload)
    .map(({ index, data, pipes = [], schema }) => ({
      index,
      property: data,
      // Nest 11 files { schema } under the pipes and then drops it silently.
      schema: schema ?? pipes.map(schemaOf).find((found) => found !== undefined),
    }));
}

function schemaOf(pipe: unknown): unknown {
  if (typeof pipe !== 'object' || pipe === null || 'transform' in pipe) return undefined;
  return 'schema' in pipe ? pipe.schema : '~standard' in pipe ? pipe : undefined;
}

function checkDeclared(handler: HandlerRecord, declared: unknown, problems: BootProblems): HandlerPayload | undefined {
  if (isPayloadDeclaration(declared)) {
    reportDtoProblems(declared, problems);
    return { declaration: declared };
  }
  problems.add(
    handler.label,
    'declares a payload that cannot be validated.',
    'declare a class with class-validator decorators, [Item], String, Number, Boolean or a Standard Schema object',
  );
  return undefined;
}

function checkType(
  handler: HandlerRecord,
  types: readonly unknown[],
  problems: BootProblems,
): HandlerPayload | undefined {
  const [type] = types;
  if (types.some((other) => other !== type)) {
    problems.add(handler.label, 'has two @MessageBody() of different types.', 'keep one, or add @WsPayload(TheDto)');
    return undefined;
  }
  if (typeof type !== 'function' || UNTYPED.has(type)) {
    problems.add(
      handler.label,
      'takes a payload declared as any, unknown, an interface, a union, an array or a primitive: nothing can validate it.',
      'declare a class with class-validator decorators, or add @WsPayload(TheDto), @WsPayload([Item]) or @WsPayload(String)',
    );
    return undefined;
  }
  if (!isValidatable(type)) {
    problems.add(
      handler.label,
      `takes a ${type.name}, which has no class-validator decorators: every property would be refused.`,
      `decorate the properties of ${type.name}, such as @IsString()`,
    );
    return undefined;
  }
  reportDtoProblems(type, problems);
  return { declaration: type };
}

/** What is wrong with a DTO class itself: a nested property without `@Type`, and the like. */
function reportDtoProblems(declaration: PayloadDeclaration, problems: BootProblems): void {
  const type: unknown = Array.isArray(declaration) ? declaration[0] : declaration;
  if (isValidatable(type)) checkDto(type, problems);
}
