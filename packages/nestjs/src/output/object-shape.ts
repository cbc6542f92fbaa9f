import { TransformationType } from 'class-transformer';
import type { TransformMetadata } from '../nest/transformer-storage.js';
import { type OutputRun, UnfitOutputError } from './output-run.js';
import { isWrapper } from './reply-wrapper.js';
import { located, type OutputShape, unfit } from './output-shape.js';

/** One property of an output DTO. */
export interface OutputProperty {
  readonly name: string;
  readonly sentAs: string;
  /** The roles of which one is needed to see it; none where everybody may. */
  readonly roles: readonly string[];
  readonly transforms: readonly TransformMetadata[];
  /** An accessor or a method of the DTO, which computes it. */
  readonly isComputed: boolean;
  readonly shape: OutputShape;
}

/** An object of which the exposed properties are written, whatever else it holds. */
export class ObjectShape implements OutputShape {
  #properties: readonly OutputProperty[] = [];
  #declared: ReadonlySet<string> = new Set();
  #isComputing = false;
  /** Those that are read of every value, whoever gets it. */
  #read: ReadonlySet<PropertyKey> = new Set();

  constructor(readonly type: abstract new (...args: never[]) => object) {}

  /** Set once it is known: a class may contain itself. */
  complete(properties: readonly OutputProperty[], mentioned: Iterable<string>): void {
    this.#properties = properties;
    this.#declared = new Set(mentioned);
    this.#read = new Set(
      properties.filter((each) => !each.isComputed && each.roles.length === 0).map(({ name }) => name),
    );
    this.#isComputing = properties.some(({ isComputed }) => isComputed);
  }

  get properties(): readonly OutputProperty[] {
    return this.#properties;
  }

  /** @param known a property that is declared elsewhere. */
  write(value: unknown, run: OutputRun, known?: string): unknown {
    if (value === null || value === undefined) return value;
    if (!isRecord(value)) throw unfit(`is declared as ${this.type.name}`, value);
    run.enter();
    if (run.refusesUndeclared) this.#refuseUndeclared(value, known);
    const source = this.#isComputing ? this.#instanceOf(value) : value;
    const written: Record<string, unknown> = {};
    for (const property of this.#properties) {
      const { roles } = property;
      if (roles.length > 0 && !roles.some((role) => run.roles.includes(role))) continue;
      try {
        const member = property.shape.write(read(source, value, property, run), run);
        if (member !== undefined) written[property.sentAs] = member;
      } catch (error) {
        throw located(error, property.name);
      }
    }
    run.leaveOutOf(value, this.#read);
    if (source !== value) run.leaveOutOf(source, this.#read);
    run.leave();
    return written;
  }

  /**
   * Notes a wrapper that was written as `{}`: it goes out as that, since data of which all is optional looks no different to
   * whoever reads it, and the run tells who wants to know.
   */
  noteWrapper(value: unknown, written: unknown, run: OutputRun): void {
    if (run.wrapped !== undefined || !isEmpty(written)) return;
    if (isWrapper(value, this.#declared)) run.wrapped = this.type.name;
  }

  /** What accessors and methods of the DTO are asked on: an instance with what it exposes, and nothing else. */
  #instanceOf(value: object): object {
    if (value instanceof this.type) return value;
    const instance = new (this.type as unknown as new () => object)();
    for (const { name, shape, isComputed } of this.#properties) {
      if (isComputed) continue;
      const member = (value as Readonly<Record<string, unknown>>)[name];
      (instance as Record<string, unknown>)[name] =
        shape instanceof ObjectShape && isRecord(member) ? shape.#instanceOf(member) : member;
    }
    return instance;
  }

  #refuseUndeclared(value: object, known: string | undefined): void {
    for (const name of Object.keys(value)) {
      if (name === known || this.#declared.has(name)) continue;
      const member = (value as Readonly<Record<string, unknown>>)[name];
      if (member === undefined || typeof member === 'function') continue;
      const error = new UnfitOutputError(
        `is not exposed by ${this.type.name}, and output.undeclaredFields is 'fail'`,
        `add @Expose() to it in ${this.type.name}, @Exclude() where it must stay here, or do not load it`,
      );
      throw located(error, name);
    }
  }
}

function read(source: object, sent: object, property: OutputProperty, run: OutputRun): unknown {
  const { name, transforms, isComputed } = property;
  const from = (isComputed ? source : sent) as Readonly<Record<string, unknown>>;
  let value = from[name];
  if (isComputed && typeof value === 'function') value = (value as () => unknown).call(from);
  const given = value;
  for (const { transformFn, options } of transforms) {
    const { groups = [] } = options ?? {};
    if (groups.length > 0 && !groups.some((group) => run.roles.includes(group))) continue;
    const type = TransformationType.CLASS_TO_PLAIN;
    value = transformFn({ value, key: name, obj: from, type, options: { groups: run.roles } });
  }
  if (value !== given) run.leaveOut(given);
  return value;
}

function isEmpty(written: unknown): boolean {
  // What is missing has no view to be empty.
  if (typeof written !== 'object' || written === null) return false;
  for (const name in written) if (Object.hasOwn(written, name)) return false;
  return true;
}

/** Whether a value can have the properties of a DTO. */
function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return !(value instanceof Date || value instanceof Map || value instanceof Set) && !('then' in value);
}

/** One object of several classes, chosen by its class, or by the name that it holds. */
export class DiscriminatedShape implements OutputShape {
  constructor(
    readonly property: string,
    readonly choices: readonly { readonly name: string; readonly shape: ObjectShape }[],
  ) {}

  write(value: unknown, run: OutputRun): unknown {
    if (value === null || value === undefined) return value;
    if (!isRecord(value)) throw unfit('is declared as one of several classes', value);
    const { constructor } = value;
    const named = (value as Readonly<Record<string, unknown>>)[this.property];
    const choice =
      this.choices.find(({ shape }) => shape.type === constructor) ?? this.choices.find(({ name }) => name === named);
    if (choice === undefined) throw unfit('is declared as one of several classes', value);
    const written = choice.shape.write(value, run, this.property) as Record<string, unknown>;
    written[this.property] = choice.name;
    return written;
  }
}
