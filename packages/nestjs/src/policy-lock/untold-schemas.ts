import { OWN_VENDOR } from '../core/standard-schema.js';
import { isRecord, type PlainValue } from './plain-value.js';
import { nameOf, type PolicyDocument } from './policy-document.js';
import { SCHEMA_POINTER } from './schema/schema-catalogue.js';
import { VALIDATED_BY } from './schema/standard-schema-text.js';

/** Says of each payload and reply of which the document knows no more than who validates it: a change of it does not show. */
export function untoldSchemas(document: PolicyDocument): readonly string[] {
  return document.endpoints.flatMap((endpoint) =>
    endpoint.events.flatMap(({ event, payload, reply = null }) =>
      (['payload', 'reply'] as const).flatMap((what) =>
        [...vendorsIn(what === 'payload' ? payload : reply, document, new Set())].map(
          (vendor) =>
            `The lock has only the name of ${vendor} for (a part of) the ${what} of ${event} on ${nameOf(endpoint)}: a change of its schema does not show. Have it implement Standard JSON Schema, or review it as code.`,
        ),
      ),
    ),
  );
}

function vendorsIn(schema: PlainValue, document: PolicyDocument, seen: Set<string>): ReadonlySet<string> {
  if (Array.isArray(schema)) {
    return new Set((schema as readonly PlainValue[]).flatMap((item) => [...vendorsIn(item, document, seen)]));
  }
  if (!isRecord(schema)) return new Set();
  const { [VALIDATED_BY]: vendor, 'x-rules': rules, $ref } = schema;
  // What the module itself validates changes with its version alone.
  if (typeof vendor === 'string' && rules === undefined) return new Set(vendor === OWN_VENDOR ? [] : [vendor]);
  const within = Object.values(schema).flatMap((item) => [...vendorsIn(item, document, seen)]);
  const name = typeof $ref === 'string' ? $ref.slice(SCHEMA_POINTER.length) : undefined;
  if (name === undefined || seen.has(name) || !Object.hasOwn(document.schemas, name)) return new Set(within);
  seen.add(name);
  return new Set([...within, ...vendorsIn(document.schemas[name] as PlainValue, document, seen)]);
}
