import type { ApplicationConfig } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import type { DtoSelection } from '../nest/transformer-storage.js';
import { withArticle } from '../core/with-article.js';
import { isOldZod } from '../core/schema-validator.js';
import { isValidatable } from '../validation/dto/dto-metadata.js';
import { checkDto } from '../validation/dto/dto-problems.js';
import { checkInputRoles } from '../validation/dto/input-roles.js';
import { readSelection } from '../validation/dto-selection.js';
import {
  type DeclaredPayload,
  isPayloadDeclaration,
  type PayloadDeclaration,
  WS_PAYLOAD_METADATA,
} from '../validation/ws-payload.decorator.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { type PayloadParameter, payloadParametersOf } from './payload-parameters.js';

export interface HandlerPayload {
  /** `undefined` where the handler takes none. */
  readonly declaration: PayloadDeclaration | undefined;
  /** The groups and the version that a DTO class is read for. */
  readonly selection: DtoSelection;
}

/** What TypeScript emits for `any`, interfaces, unions, generics and primitives: nothing that could be validated. */
const UNTYPED = new Set<unknown>([Object, Array, String, Number, Boolean, Function, Promise, Symbol, BigInt]);

const BYTES = new Set<unknown>([Buffer, Uint8Array, ArrayBuffer, Blob]);

interface PayloadProblem {
  readonly problem: string;
  readonly fix: string;
}

/**
 * Finds the declared payload of a handler: `@WsPayload`, a schema in `@MessageBody`, or the type of the parameter.
 *
 * @param isPublic whether everybody may call it.
 * @returns `undefined` where a payload is taken that nothing can validate; a problem says why (MV-02).
 */
export function readPayload(
  handler: HandlerRecord,
  isPublic: boolean,
  config: ApplicationConfig,
  problems: BootProblems,
): HandlerPayload | undefined {
  const found = misplacedPayload(handler) ?? findPayload(handler, payloadParametersOf(handler, config));
  if ('problem' in found) {
    problems.add(handler.label, found.problem, found.fix);
    return undefined;
  }
  const { declaration, options } = found;
  const type: unknown = Array.isArray(declaration) ? declaration[0] : declaration;
  const dto = isValidatable(type) ? type : undefined;
  const selection = readSelection(dto, options, handler.label, problems);
  if (selection === undefined) return undefined;
  if (isOldZod(type)) {
    problems.warn(
      handler.label,
      'takes a schema of zod 3, which begins asynchronous rules that it does not wait for: one that rejects ends the process. Take zod 4.',
    );
  }
  if (dto !== undefined) {
    checkDto(dto, problems, selection);
    checkInputRoles(dto, handler.label, isPublic, problems);
  }
  return { declaration, selection };
}

interface FoundPayload {
  readonly declaration: PayloadDeclaration | undefined;
  readonly options?: unknown;
}

function findPayload(handler: HandlerRecord, parameters: readonly PayloadParameter[]): FoundPayload | PayloadProblem {
  if (parameters.some(({ hasSchemaAsPipe }) => hasSchemaAsPipe)) return SCHEMA_AS_PIPE;
  const written = Reflect.getMetadata(WS_PAYLOAD_METADATA, handler.callback) as DeclaredPayload | undefined;
  const schemas = parameters.flatMap(({ property, schemas: own }) => (property === undefined ? own : []));
  const all: readonly unknown[] = written === undefined ? schemas : [written.declaration, ...schemas];
  const [declaration] = all;
  if (all.length > 0 && !isPayloadDeclaration(declaration)) return UNFIT_DECLARATION;
  const problem = severalDeclarations(all) ?? propertySchema(parameters, all.length > 0);
  if (problem !== undefined) return problem;
  if (isPayloadDeclaration(declaration)) {
    if (written === undefined) return { declaration };
    return contradiction(handler, parameters, declaration) ?? { declaration, options: written.options };
  }
  if (parameters.length === 0) return { declaration: undefined };
  if (parameters.some(({ property }) => property !== undefined)) {
    return {
      problem: 'takes one property of the payload, so that its type says nothing about the others.',
      fix: 'add @WsPayload(TheDto) above @SubscribeMessage',
    };
  }
  const { types } = handler;
  return types === undefined ? NO_TYPES : ofTypes(parameters.map(({ index }) => types[index]));
}

/** A DTO that Nest fills with something else: the socket, or nothing. */
function misplacedPayload({ callback, parameters, types = [] }: HandlerRecord): PayloadProblem | undefined {
  const hasPayload = (index: number): boolean =>
    // Without decorators Nest passes (client, data).
    parameters === undefined ? index === 1 : parameters.some((parameter) => parameter.index === index);
  // What has a default is given it where Nest gives nothing; without decorators Nest gives the first one the socket.
  const given = parameters === undefined ? Math.max(callback.length, 1) : callback.length;
  const index = types.slice(0, given).findIndex((type, at) => isValidatable(type) && !hasPayload(at));
  if (index === -1) return undefined;
  const { name } = types[index] as { readonly name: string };
  const value = parameters === undefined && index === 0 ? 'the socket' : 'undefined';
  return {
    problem: `takes ${withArticle(name)} without @MessageBody(): Nest gives it ${value}, and nothing validates the payload.`,
    fix: `add @MessageBody() before the parameter of class ${name}`,
  };
}

function severalDeclarations([declaration, ...others]: readonly unknown[]): PayloadProblem | undefined {
  if (others.every((schema) => schema === declaration)) return undefined;
  return {
    problem:
      'has several declarations of the payload, by @WsPayload() or by schemas in @MessageBody(), of which one would be ignored.',
    fix: 'keep one of them',
  };
}

/** A schema that says nothing of the rest of the payload, or that nothing would apply. */
function propertySchema(parameters: readonly PayloadParameter[], isDeclared: boolean): PayloadProblem | undefined {
  const found = parameters.find(
    ({ property, schemas, isJudgedByPipe }) =>
      property !== undefined && schemas.length > 0 && !(isDeclared && isJudgedByPipe),
  );
  if (found === undefined) return undefined;
  const { property } = found;
  const where = `has a schema for the property '${property}'`;
  const take = `take the property with @MessageBody('${property}')`;
  return isDeclared
    ? {
        problem: `${where} that nothing would run: only StandardSchemaValidationPipe of Nest 12 does, and none stands before it.`,
        fix: `let the declaration of the payload say what the property holds, and ${take}; or add @UsePipes(new StandardSchemaValidationPipe())`,
      }
    : {
        problem: `${where}, and nothing validates the rest of the payload.`,
        fix: `declare all of it with @WsPayload(TheSchema) above @SubscribeMessage, and ${take}`,
      };
}

/** A handler whose parameter is declared as something else than `@WsPayload` says gets what its types exclude. */
function contradiction(
  { types = [] }: HandlerRecord,
  parameters: readonly PayloadParameter[],
  declaration: PayloadDeclaration,
): PayloadProblem | undefined {
  for (const { index, property } of parameters) {
    const type = types[index];
    if (property !== undefined || !isValidatable(type)) continue;
    if (declaration === type || (isValidatable(declaration) && declaration.prototype instanceof type)) continue;
    return {
      problem: `takes ${withArticle(type.name)}, and @WsPayload() declares something else: the parameter would not be what it says.`,
      fix: `declare the parameter as what @WsPayload() says, or write @WsPayload(${type.name})`,
    };
  }
  return undefined;
}

const UNFIT_DECLARATION: PayloadProblem = {
  problem: 'declares a payload that cannot be validated.',
  fix: 'declare a class with class-validator decorators, [Item], String, Number, Boolean or a Standard Schema object',
};

const SCHEMA_AS_PIPE: PayloadProblem = {
  problem:
    'gives @MessageBody() a schema in the place of a pipe: Nest would call its transform(), and the handler would get another schema.',
  fix: 'add @WsPayload(schema) above @SubscribeMessage, and take the schema out of @MessageBody()',
};

const NO_TYPES: PayloadProblem = {
  problem: 'takes a payload, but the transpiler emitted no parameter types.',
  fix: 'set "emitDecoratorMetadata": true in tsconfig.json (for swc: "decoratorMetadata": true in .swcrc), or add @WsPayload(TheDto); esbuild and tsx have no such option',
};

function ofTypes([type, ...others]: readonly unknown[]): FoundPayload | PayloadProblem {
  if (others.some((other) => other !== type)) {
    return { problem: 'has two @MessageBody() of different types.', fix: 'keep one, or add @WsPayload(TheDto)' };
  }
  if (typeof type !== 'function' || UNTYPED.has(type)) {
    return {
      problem:
        'takes a payload declared as any, unknown, an interface, a union, an array or a primitive: nothing can validate it.',
      fix: 'declare a class with class-validator decorators, or add @WsPayload(TheDto), @WsPayload([Item]), @WsPayload(String) or, for a type of zod or the like, @WsPayload(theSchema) above @SubscribeMessage',
    };
  }
  if (isValidatable(type)) return { declaration: type };
  if (BYTES.has(type)) {
    return {
      problem: `takes ${withArticle(type.name)}: the payload is what came as JSON, and bytes come beside it.`,
      fix: 'add @WsBinary({ maxBytes: 65_536 }) above @SubscribeMessage, and @WsBytes() in the place of @MessageBody()',
    };
  }
  return {
    problem: `takes ${withArticle(type.name)}, which has no class-validator decorators: every property would be refused.`,
    fix: `decorate the properties of ${type.name}, such as @IsString()`,
  };
}
