import type { DtoSelection } from '../../nest/transformer-storage.js';
import { compileOutput } from '../../output/compile-output.js';
import type { ObjectShape } from '../../output/object-shape.js';
import type { DtoClass } from '../../validation/dto/dto-metadata.js';
import { isStandardSchema, type StandardSchema } from '../../core/standard-schema.js';
import { compareText, type PlainValue } from '../plain-value.js';
import { describeDto } from './dto-schema.js';
import { describeOutput, describeOutputObject } from './output-schema.js';
import { describeStandardSchema, pointInto } from './standard-schema-text.js';

/** What every reference to a schema of the document begins with. */
export const SCHEMA_POINTER = '#/schemas/';

/**
 * The JSON Schemas of a document, each DTO class once and under its own name; what goes out through a class has the name
 * with `.output`, whether or not it also comes in.
 */
export class SchemaCatalogue {
  /** Of classes and schemas, by what of them is read. */
  readonly #names = new Map<unknown, Map<string, string>>();
  readonly #outputNames = new Map<ObjectShape, string>();
  readonly #schemas = new Map<string, PlainValue>();
  readonly #outputs = {
    object: (shape: ObjectShape): PlainValue => this.#output(shape),
    standard: (schema: StandardSchema): PlainValue => this.#standard(schema, 'output'),
  };

  /** The schema of a declared payload: a class, a Standard Schema, a primitive, or a list of one. */
  schemaOf(declaration: unknown, selection: DtoSelection = {}): PlainValue {
    if (declaration === undefined) return null;
    if (Array.isArray(declaration)) return { type: 'array', items: this.schemaOf(declaration[0], selection) };
    if (declaration === String) return { type: 'string' };
    if (declaration === Number) return { type: 'number' };
    if (declaration === Boolean) return { type: 'boolean' };
    if (isStandardSchema(declaration)) return this.#standard(declaration, 'input');
    return typeof declaration === 'function' ? this.#dto(declaration as DtoClass, selection) : true;
  }

  /** The schema of a declared reply: as {@link schemaOf}, of what goes out. */
  outputOf(declaration: unknown): PlainValue {
    // The boot has refused what does not compile.
    const shape = compileOutput('', declaration, () => undefined);
    return shape === undefined ? true : describeOutput(shape, this.#outputs);
  }

  #output(shape: ObjectShape): PlainValue {
    let name = this.#outputNames.get(shape);
    if (name === undefined) {
      name = this.#reserve(`${shape.type.name}.output`);
      // Named before it is described: a class may contain itself.
      this.#outputNames.set(shape, name);
      this.#schemas.set(name, describeOutputObject(shape, this.#outputs));
    }
    return { $ref: `${SCHEMA_POINTER}${name}` };
  }

  /** A reference to the schema of a class, as it is for the groups and the version of an event. */
  #dto(type: DtoClass, selection: DtoSelection): PlainValue {
    const { groups = [], version } = selection;
    const part = [...[...groups].sort(compareText), ...(version === undefined ? [] : [`v${version}`])].join('.');
    const parts = this.#names.get(type) ?? new Map<string, string>();
    this.#names.set(type, parts);
    let name = parts.get(part);
    if (name === undefined) {
      name = this.#reserve(part === '' ? type.name : `${type.name}.${part}`);
      // Named before it is described: a class may contain itself.
      parts.set(part, name);
      const reference = (nested: DtoClass): PlainValue => this.#dto(nested, selection);
      this.#schemas.set(name, describeDto(type, { reference, selection }));
    }
    return { $ref: `${SCHEMA_POINTER}${name}` };
  }

  /** All of them by name. */
  get schemas(): Readonly<Record<string, PlainValue>> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => compareText(a, b)));
  }

  #standard(schema: StandardSchema, io: 'input' | 'output'): PlainValue {
    const names = this.#names.get(schema) ?? new Map<string, string>();
    const known = names.get(io);
    if (known !== undefined) return { $ref: `${SCHEMA_POINTER}${known}` };
    const described = describeStandardSchema(schema, io);
    if (!JSON.stringify(described).includes('"$ref"')) return described;
    const name = this.#reserve(io === 'input' ? 'Schema' : 'Schema.output');
    this.#names.set(schema, names.set(io, name));
    this.#schemas.set(name, pointInto(described, `${SCHEMA_POINTER}${name}`));
    return { $ref: `${SCHEMA_POINTER}${name}` };
  }

  #reserve(wanted: string): string {
    // What a pointer and a component of AsyncAPI can be called.
    const base = wanted === '' ? 'Schema' : wanted.replace(/[^A-Za-z0-9.-]/g, '_');
    let name = base;
    for (let count = 2; this.#schemas.has(name); count++) name = `${base}-${count}`;
    this.#schemas.set(name, true);
    return name;
  }
}
