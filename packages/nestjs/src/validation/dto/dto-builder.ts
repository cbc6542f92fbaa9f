import { closedNamesOf, type DtoClass, isValidatable, type PropertyMetadata, readProperties } from './dto-metadata.js';
import {
  type DtoSelection,
  isTransformed,
  typeMetadataOf,
  typesNamed,
  type ValueTransform,
  valueTransformsOf,
} from '../../nest/transformer-storage.js';

/** What a property needs besides being copied. */
type PropertyStep = (value: unknown) => unknown;

/**
 * Makes instances of one class from decoded payloads: what `plainToInstance()` of class-transformer does with a class that
 * asks for no transformation. Properties that the class does not have are not copied; the check refuses them.
 */
export class DtoBuilder {
  #names: readonly string[] = [];
  #steps: readonly (PropertyStep | undefined)[] = [];

  private constructor(private readonly type: DtoClass) {}

  /**
   * Compiles the builder of a class and of all classes below it.
   *
   * @param known those that are being compiled.
   * @returns `undefined` where only class-transformer itself can make its instances.
   */
  static compile(
    type: DtoClass,
    selection: DtoSelection = {},
    known = new Map<DtoClass, DtoBuilder>(),
  ): DtoBuilder | undefined {
    const existing = known.get(type);
    if (existing !== undefined) return existing;
    const builder = new DtoBuilder(type);
    // Before its properties: a class may contain itself.
    known.set(type, builder);
    const properties = readProperties(type, selection);
    const names = properties.map(({ name }) => name);
    const all = readProperties(type);
    const closed = new Set(closedNamesOf(type, selection));
    const isPlain = isPlainClass(type, properties, new Set(all.map(({ name }) => name)), closed);
    if (!isPlain || isTransformed(type, names)) return undefined;
    const steps: (PropertyStep | undefined)[] = [];
    for (const property of properties) {
      const step = DtoBuilder.#compileStep(type, property, selection, known);
      if (step === 'unknown') return undefined;
      steps.push(step);
    }
    builder.#names = names;
    builder.#steps = steps;
    return builder;
  }

  static #compileStep(
    type: DtoClass,
    property: PropertyMetadata,
    selection: DtoSelection,
    known: Map<DtoClass, DtoBuilder>,
  ): PropertyStep | undefined | 'unknown' {
    const metadata = typeMetadataOf(type, property.name);
    const transforms = valueTransformsOf(type, property.name);
    if (metadata === undefined) {
      if (property.nested.length > 0) return 'unknown';
      return transforms.length === 0 ? undefined : (value) => transforms.reduce(apply, copyJson(value));
    }
    const { shape, nested } = property;
    const isPlain = nested.length > 0 && metadata.options?.discriminator === undefined;
    if (!isPlain || (shape !== 'array' && shape !== 'object')) return 'unknown';
    const [nestedType] = typesNamed(metadata);
    if (!isValidatable(nestedType, selection)) return 'unknown';
    const builder = DtoBuilder.compile(nestedType, selection, known);
    if (builder === undefined || transforms.length > 0) return 'unknown';
    return shape === 'array' ? (value) => buildList(value, builder) : (value) => buildOne(value, builder);
  }

  /** Makes an instance. Names of the payload that the class does not have are left for the check to refuse. */
  build(sent: object): object {
    const instance = new this.type() as Record<string, unknown>;
    const values = sent as Readonly<Record<string, unknown>>;
    const names = this.#names;
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      const value = values[name];
      // A property that was not sent keeps its default.
      if (value === undefined && !Object.hasOwn(values, name)) continue;
      const step = this.#steps[index];
      if (step !== undefined) instance[name] = step(value);
      else instance[name] = typeof value === 'object' ? copyJson(value) : value;
    }
    return instance;
  }
}

function apply(value: unknown, transform: ValueTransform): unknown {
  return transform(value);
}

/** What has the wrong shape is taken over as it is, and refused by the check. */
function buildOne(value: unknown, builder: DtoBuilder): unknown {
  return isRecord(value) ? builder.build(value) : value;
}

function buildList(value: unknown, builder: DtoBuilder): unknown {
  return Array.isArray(value) ? value.map((item: unknown) => buildOne(item, builder)) : value;
}

/**
 * Copies a JSON value without the names that every object inherits, as class-transformer does below a property that has no
 * class: an own `toString` or `hasOwnProperty` breaks whoever prints the value or asks it.
 */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) if (!(name in copy)) copy[name] = copyJson((value as typeof copy)[name]);
  return copy as T;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether assigning to a new instance does nothing but that, and leaves nothing behind that was not assigned.
 *
 * @param declared the properties of all groups: those of others are there, and have no value.
 * @param closed those that the sender may not name: they keep their defaults.
 */
function isPlainClass(
  type: DtoClass,
  properties: readonly PropertyMetadata[],
  declared: ReadonlySet<string>,
  closed: ReadonlySet<string>,
): boolean {
  const prototype = type.prototype as object;
  const names = new Set(properties.map(({ name }) => name));
  try {
    const probe = new type() as Readonly<Record<string, unknown>>;
    // An accessor, or a property of every object such as `toString`: class-transformer has rules of its own for these.
    if (properties.some(({ name }) => name in prototype || typeof probe[name] === 'function')) return false;
    // A default of a nested property is an instance that no payload stands beside.
    if (properties.some(({ name, nested }) => nested.length > 0 && probe[name] !== undefined)) return false;
    return Object.keys(probe).every(
      (name) => names.has(name) || closed.has(name) || (probe[name] === undefined && declared.has(name)),
    );
  } catch {
    return false;
  }
}
