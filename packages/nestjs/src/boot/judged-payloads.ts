import type { HandlerRecord } from '../nest/gateway-inventory.js';
import type { JudgedSelection } from '../nest/judge-instance.js';
import { type DtoSelection, isOutsideOf } from '../nest/transformer-storage.js';
import type { FilledParameter } from '../nest/validation-pipes.js';
import {
  type DtoClass,
  heldClassesOf,
  isOptional,
  isValidatable,
  readProperties,
} from '../validation/dto/dto-metadata.js';
import { describedAs } from '../validation/dto/is-as-strict.js';
import { type PayloadCheck, PayloadRefusal } from '../validation/payload-run.js';

/** A property whose objects are validated with the one that has it. */
interface NestedProperty {
  readonly name: string;
  readonly classes: ReadonlySet<unknown>;
  readonly isRecord: boolean;
}

/** What the pipes of a handler ask about. */
interface Watched {
  /** Whether it may lie anywhere in a payload: where a parameter decorator, a pipe or a getter of the application takes it from. */
  isAnywhere: boolean;
  /** The properties of a payload that parameters take. */
  readonly properties: Set<string>;
}

type WatchedParameter = Pick<FilledParameter, 'property' | 'factory' | 'isBehind'>;

/** What is known of an object that was validated. */
interface Judged {
  readonly type: DtoClass;
  readonly selection: JudgedSelection;
}

/** What is remembered of the objects of a class; `undefined` for one that nothing validates. */
type Memory = { readonly judged: Judged; readonly nested: readonly NestedProperty[] } | undefined;

const NOTHING_CHOSEN: JudgedSelection = { groups: undefined, isForOthers: () => false };

/**
 * The objects that were validated, each with its class. What an object is an instance of does not tell: anybody may make one,
 * and a property that has a condition holds one that nobody has judged.
 *
 * They are those that a parameter of the handler takes, where it takes them: a list of a thousand objects inside of a payload
 * costs nothing here. They are remembered before the application sees them, since a guard may put another one there.
 */
export class JudgedPayloads {
  readonly #watched = new Map<HandlerRecord, Watched>();
  readonly #judged = new WeakMap<object, Judged>();

  /** Remembers from now on what is validated for a parameter of a handler: some pipe of it wants to know. */
  watch(handler: HandlerRecord, { property, factory, isBehind }: WatchedParameter): void {
    let watched = this.#watched.get(handler);
    if (watched === undefined) this.#watched.set(handler, (watched = { isAnywhere: false, properties: new Set() }));
    if (factory !== undefined || isBehind) watched.isAnywhere = true;
    if (property !== undefined) watched.properties.add(property);
  }

  /** The check of a handler's payload, which also remembers what it has validated where a pipe wants to know. */
  remembering(handler: HandlerRecord, check: PayloadCheck, selection: DtoSelection): PayloadCheck {
    const watched = this.#watched.get(handler);
    if (watched === undefined) return check;
    const judgedFor = judgedSelectionOf(selection);
    const memories = new Map<unknown, Memory>();
    const memoryOf = (type: unknown): Memory => {
      // It is asked for every object, and classes do not change.
      if (!memories.has(type)) memories.set(type, memoryFor(type, selection, judgedFor, watched));
      return memories.get(type);
    };
    const keep = (outcome: unknown): unknown => {
      if (!(outcome instanceof PayloadRefusal)) this.#remember(outcome, memoryOf, watched);
      return outcome;
    };
    return {
      check: (sent, roles) => {
        const outcome = check.check(sent, roles);
        return outcome instanceof Promise ? outcome.then(keep) : keep(outcome);
      },
      isAsOpen: (before, now) => check.isAsOpen(before, now),
    };
  }

  /** Whether objects were validated as a class; `'loosely'`: as one that is derived from it and admits more. */
  validationOf(items: readonly unknown[], type: unknown): boolean | 'loosely' {
    let validation: boolean | 'loosely' = true;
    for (const item of items) {
      const judged = isObject(item) ? this.#judged.get(item)?.type : undefined;
      if (judged === undefined) return false;
      // Asked for every message: nearly always it is of the class itself.
      if (judged === type) continue;
      const described = isValidatable(type) && describedAs(judged, type);
      if (described === false) return false;
      if (described === 'loosely') validation = described;
    }
    return validation;
  }

  /** For which groups and version an object was validated. */
  selectionOf(item: unknown): JudgedSelection {
    return (isObject(item) ? this.#judged.get(item)?.selection : undefined) ?? NOTHING_CHOSEN;
  }

  #remember(payload: unknown, memoryOf: (type: unknown) => Memory, watched: Watched): void {
    const inside: object[] = [];
    for (const object of objectsIn(payload)) this.#keep(object, memoryOf, inside);
    // A list visits what is added while it is walked.
    for (const object of inside) this.#keep(object, memoryOf, watched.isAnywhere ? inside : undefined);
  }

  /** @param inside to which is added what was validated in it. */
  #keep(object: object, memoryOf: (type: unknown) => Memory, inside: object[] | undefined): void {
    const memory = memoryOf(classOf(object));
    if (memory === undefined || this.#judged.has(object)) return;
    this.#judged.set(object, memory.judged);
    if (inside === undefined) return;
    for (const { name, classes, isRecord } of memory.nested) {
      for (const value of objectsIn(Reflect.get(object, name))) {
        const held = isRecord && !classes.has(classOf(value)) ? objectsIn(Object.values(value)) : [value];
        for (const each of held) if (classes.has(classOf(each))) inside.push(each);
      }
    }
  }
}

function judgedSelectionOf(selection: DtoSelection): JudgedSelection {
  const { groups, version } = selection;
  if (groups === undefined && version === undefined) return NOTHING_CHOSEN;
  return {
    groups,
    isForOthers: (type, property) =>
      isValidatable(type) &&
      (isOutsideOf(type, property, selection) ||
        (readProperties(type).some(({ name }) => name === property) &&
          !readProperties(type, selection).some(({ name }) => name === property))),
  };
}

function memoryFor(type: unknown, selection: DtoSelection, judgedFor: JudgedSelection, watched: Watched): Memory {
  if (!isValidatable(type)) return undefined;
  const { properties } = watched;
  const { prototype } = type as { readonly prototype: object };
  if ([...properties].some((name) => name in prototype)) watched.isAnywhere = true;
  const nested = nestedIn(type, selection).filter(({ name }) => watched.isAnywhere || properties.has(name));
  return { judged: { type, selection: judgedFor }, nested };
}

/** Those of which every object is validated: a client chooses what a condition sees, but not that it is missing. */
function nestedIn(type: DtoClass, selection: DtoSelection): readonly NestedProperty[] {
  return readProperties(type, selection)
    .filter((property) => property.nested.length > 0 || property.record !== undefined)
    .filter((property) => property.conditions.length === 0 || isOnlyOptional(property))
    .map(({ name, record }) => ({
      name,
      classes: new Set(heldClassesOf(type, name, record)),
      isRecord: record !== undefined,
    }));
}

function isOnlyOptional(property: ReturnType<typeof readProperties>[number]): boolean {
  return property.conditions.every((condition) => isOptional({ ...property, conditions: [condition] }));
}

function classOf(object: object): unknown {
  return (Object.getPrototypeOf(object) as { readonly constructor?: unknown } | null)?.constructor;
}

/** A value that is an object, or those that a list, set or map holds. */
function objectsIn(value: unknown): readonly object[] {
  if (!isObject(value)) return [];
  if (Array.isArray(value) || value instanceof Set) return [...(value as Iterable<unknown>)].filter(isObject);
  return value instanceof Map ? [...(value as Map<unknown, unknown>).values()].filter(isObject) : [value];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
