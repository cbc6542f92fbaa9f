import 'reflect-metadata';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import {
  canReadTransformer,
  mentionedPropertiesOf,
  type WrittenProperty,
  writtenPropertiesOf,
} from '../nest/transformer-output.js';
import { withArticle } from '../core/with-article.js';
import { type TypeMetadata, typeMetadataOf, typesNamed } from '../nest/transformer-storage.js';
import { DiscriminatedShape, ObjectShape } from './object-shape.js';
import {
  BufferShape,
  type Container,
  ContainerShape,
  DateShape,
  isForbidden,
  type OutputShape,
  ScalarShape,
} from './output-shape.js';
import { PlainShape } from './plain-shape.js';

/** Told what is wrong with a declaration: where, what, and what to write instead. */
export type ReportOutputProblem = (where: string, problem: string, fix: string) => void;

export type OutputClass = abstract new (...args: never[]) => object;

/** Of classes without a mistake in them. Decorators run once, so that nothing of a class changes any more. */
const COMPILED = new WeakMap<object, ObjectShape>();

/** Any plain data; of classes that expose something what they expose. */
export const PLAIN_DATA = new PlainShape((type) => {
  if (typeof type !== 'function' || writtenPropertiesOf(type).length === 0) return undefined;
  return new ClassCompiler(() => undefined).compile(type as OutputClass);
});

/** Compiles an output DTO and the classes below it, and reports what in them says nothing about what goes out. */
export class ClassCompiler {
  readonly #known = new Map<OutputClass, ObjectShape>();
  #isSound = true;

  constructor(private readonly report: ReportOutputProblem) {}

  /** @returns `undefined` where something is wrong; `report` has been told all of it. */
  compile(type: OutputClass): ObjectShape | undefined {
    const shape = this.#shapeOf(type);
    if (!this.#isSound) return undefined;
    for (const [known, found] of this.#known) COMPILED.set(known, found);
    return shape;
  }

  #fail(where: string, problem: string, fix: string): undefined {
    this.#isSound = false;
    this.report(where, problem, fix);
    return undefined;
  }

  #shapeOf(type: OutputClass): ObjectShape {
    const known = COMPILED.get(type) ?? this.#known.get(type);
    if (known !== undefined) return known;
    const shape = new ObjectShape(type);
    // Before its properties: a class may contain itself.
    this.#known.set(type, shape);
    const written = writtenPropertiesOf(type);
    if (written.length === 0) {
      const fix = 'add @Expose() of class-transformer to each property that clients may see';
      if (canReadTransformer) this.#fail(type.name, 'is declared as what goes out, and exposes nothing.', fix);
      else
        this.#fail(
          type.name,
          'cannot be read: class-transformer is bundled.',
          'keep class-transformer out of the bundle',
        );
    }
    const properties = written.map((property) => ({
      ...{ name: property.name, sentAs: property.sentAs, roles: property.groups, transforms: property.transforms },
      isComputed: isComputed(type.prototype as object, property.name),
      shape: this.#shapeOfProperty(type, property),
    }));
    shape.complete(properties, mentionedPropertiesOf(type));
    return shape;
  }

  #shapeOfProperty(type: OutputClass, { name, sentAs, isVersioned }: WrittenProperty): OutputShape {
    const where = `${type.name}.${name}`;
    if (isForbidden(name) || isForbidden(sentAs)) {
      this.#fail(where, `goes out as ${sentAs}, which no object can have.`, 'rename it');
    }
    if (isVersioned) {
      // class-transformer would need to be told a version, and would ignore them without one.
      this.#fail(where, 'names since or until, and what goes out has no version.', 'declare a class for each version of the reply'); // prettier-ignore
    }
    const declared = declaredTypeOf(type.prototype as object, name);
    const metadata = typeMetadataOf(type, name);
    if (metadata !== undefined) return this.#typed(where, metadata, declared);
    if (isAllowed(type, name)) return PLAIN_DATA;
    return this.#simple(declared, false) ?? this.#declaredClass(where, declared);
  }

  #typed(where: string, metadata: TypeMetadata, declared: unknown): OutputShape {
    const container = CONTAINERS.get(declared) ?? (isOneValue(declared) ? 'one' : 'any');
    const discriminator = metadata.options?.discriminator;
    if (discriminator !== undefined) {
      const choices = discriminator.subTypes.map(({ name, value }) => ({
        name,
        shape: this.#shapeOf(value as OutputClass),
      }));
      return new ContainerShape(container, new DiscriminatedShape(discriminator.property, choices), true);
    }
    const [named] = typesNamed(metadata);
    const item = this.#simple(named, true) ?? (isExposing(named) ? this.#shapeOf(named as OutputClass) : undefined);
    if (item !== undefined) return new ContainerShape(container, item, true);
    this.#fail(
      where,
      `has a @Type() that names ${nameOf(named)}, which exposes nothing.`,
      'name a class with @Expose() properties, String, Number, Boolean or Date; @Allow() in its place lets any plain data out',
    );
    return PLAIN_DATA;
  }

  #simple(type: unknown, converts: boolean): OutputShape | undefined {
    // As class-transformer converts what @Type() names.
    if (type === String) return new ScalarShape('string', converts ? String : undefined);
    if (type === Number) return new ScalarShape('number', converts ? Number : undefined);
    if (type === Boolean) return new ScalarShape('boolean', converts ? Boolean : undefined);
    if (type === Date) return new DateShape(converts);
    return type === Buffer ? new BufferShape() : undefined;
  }

  /** What TypeScript says a property is, where no decorator says more. */
  #declaredClass(where: string, declared: unknown): OutputShape {
    if (isExposing(declared)) return this.#shapeOf(declared as OutputClass);
    const container = CONTAINERS.get(declared);
    if (container !== undefined) {
      this.#fail(
        where,
        `is ${withArticle(nameOf(declared))}, which says nothing about what it holds.`,
        'add @Type(() => Item)',
      );
    } else if (declared === BigInt) {
      this.#fail(where, 'is a bigint, which has no JSON.', 'add @Type(() => String)');
    } else if (typeof declared === 'function' && declared !== Object) {
      this.#fail(
        where,
        `is ${withArticle(nameOf(declared))}, which exposes nothing.`,
        `add @Expose() to what clients may see of ${nameOf(declared)}, or @Type(() => String) where it is sent as a text`,
      );
    } else {
      this.#fail(
        where,
        'is declared as any, an interface or a union, or its type was not emitted: nothing says what may go out.',
        'add @Type(() => String) to a text that may be null, as in `string | null`, @Type(() => TheClass) to an object, or @Allow() of class-validator where any plain data may; see "emitDecoratorMetadata"',
      );
    }
    return PLAIN_DATA;
  }
}

const CONTAINERS: ReadonlyMap<unknown, Container> = new Map<unknown, Container>([
  [Array, 'list'],
  [Set, 'list'],
  [Map, 'map'],
]);

function isOneValue(declared: unknown): boolean {
  return typeof declared === 'function' && declared !== Object;
}

function isExposing(type: unknown): boolean {
  return typeof type === 'function' && 'prototype' in type && writtenPropertiesOf(type).length > 0;
}

function nameOf(type: unknown): string {
  return typeof type === 'function' && type.name !== '' ? type.name : 'nothing';
}

/** The type of a property, or of what its method returns. */
function declaredTypeOf(prototype: object, name: string): unknown {
  const type: unknown = Reflect.getMetadata('design:type', prototype, name);
  return type === Function ? (Reflect.getMetadata('design:returntype', prototype, name) as unknown) : type;
}

/** Whether the class itself computes a property. */
function isComputed(prototype: object, name: string): boolean {
  for (
    let at: object | null = prototype;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor !== undefined) return descriptor.get !== undefined || typeof descriptor.value === 'function';
  }
  return false;
}

/** `@Allow()`: whoever wrote it has decided that anything will do. */
function isAllowed(type: OutputClass, name: string): boolean {
  return getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false)
    .some(({ propertyName, type: kind }) => propertyName === name && kind === ValidationTypes.WHITELIST);
}
