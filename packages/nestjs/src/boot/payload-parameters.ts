import type { ApplicationConfig } from '@nestjs/core';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { payloadPropertyOf } from '../nest/metadata.js';
import { judgesSchema } from '../nest/pass-validated.js';

/** A parameter that takes the payload, or a property of it. */
export interface PayloadParameter {
  readonly index: number;
  /** `undefined` for all of the payload. */
  readonly property: string | undefined;
  /** The schemas that were written at it. */
  readonly schemas: readonly unknown[];
  /** Whether Nest's own pipe applies them. */
  readonly isJudgedByPipe: boolean;
}

/** The parameters of a handler that take something of the payload. */
export function payloadParametersOf(handler: HandlerRecord, config: ApplicationConfig): readonly PayloadParameter[] {
  if (handler.parameters === undefined) {
    // Without decorators Nest passes (client, data); fewer than two parameters take no data.
    return handler.callback.length >= 2 ? [{ index: 1, property: undefined, schemas: [], isJudgedByPipe: false }] : [];
  }
  return handler.parameters
    .filter((parameter) => parameter.isPayload)
    .sort((one, other) => one.index - other.index)
    .map((parameter) => {
      // Nest 11 files { schema } under the pipes and then drops it silently; Nest 12 does so with a bare schema.
      const dropped = (parameter.pipes ?? []).map(schemaOf).filter((schema) => schema !== undefined);
      return {
        index: parameter.index,
        property: payloadPropertyOf(parameter),
        schemas: parameter.schema === undefined ? dropped : [parameter.schema, ...dropped],
        isJudgedByPipe: dropped.length === 0 && judgesSchema(handler, parameter, config),
      };
    });
}

function schemaOf(pipe: unknown): unknown {
  if (typeof pipe !== 'object' || pipe === null || 'transform' in pipe) return undefined;
  return 'schema' in pipe ? pipe.schema : '~standard' in pipe ? pipe : undefined;
}
