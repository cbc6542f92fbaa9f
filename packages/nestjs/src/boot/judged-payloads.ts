import type { HandlerRecord } from '../nest/gateway-inventory.js';
import type { JudgedSelection } from '../nest/judge-instance.js';
import { type DtoSelection, isOutsideOf } from '../nest/transformer-storage.js';
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

/** What is known of an object that was validated. */
interface Judged {
  readonly type: DtoClass;
  readonly selection: JudgedSelection;
}

const NOTHING_CHOSEN: JudgedSelection = { groups: undefined, isForOthers: () => false };

/**
 * The objects that were validated, each with its class. What an object is an instance of does not tell: anybody may make one,
 * and a property that has a condition holds one that nobody has judged.
 */
export class JudgedPayloads {
  readonly #handlers = new Set<HandlerRecord>();
  readonly #judged = new WeakMap<object, Judged>();

  /** Remembers from now on what is validated for a handler: some pipe of it wants to know. */
  watch(handler: HandlerRecord): void {
    this.#handlers.add(handler);
  }

  /** The check of a handler's payload, which also remembers what it has validated where a pipe wants to know. */
  remembering(handler: HandlerRecord, check: PayloadCheck, selection: DtoSelection): PayloadCheck {
    if (!this.#handlers.has(handler)) return check;
    const judgedFor = judgedSelectionOf(selection);
    const nested = new Map<DtoClass, readonly NestedProperty[]>();
    const nestedOf = (type: DtoClass): readonly NestedProperty[] => {
      let found = nested.get(type);
      if (found === undefined) nested.set(type, (found = nestedIn(type, selection)));
      return found;
    };
    const keep = (outcome: unknown): unknown => {
      if (!(outcome instanceof PayloadRefusal)) this.#remember(outcome, judgedFor, nestedOf);
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
    if (!isValidatable(type)) return false;
    let validation: boolean | 'loosely' = true;
    for (const item of items) {
      const judged = typeof item === 'object' && item !== null ? this.#judged.get(item)?.type : undefined;
      const described = judged !== undefined && describedAs(judged, type);
      if (described === false) return false;
      if (described === 'loosely') validation = described;
    }
    return validation;
  }

  /** For which groups and version an object was validated. */
  selectionOf(item: unknown): JudgedSelection {
    const judged = typeof item === 'object' && item !== null ? this.#judged.get(item) : undefined;
    return judged?.selection ?? NOTHING_CHOSEN;
  }

  #remember(
    payload: unknown,
    selection: JudgedSelection,
    nestedOf: (type: DtoClass) => readonly NestedProperty[],
  ): void {
    const waiting = objectsIn(payload);
    // A list visits what is added while it is walked.
    for (const object of waiting) {
      if (this.#judged.has(object)) continue;
      const type = classOf(object);
      if (!isValidatable(type)) continue;
      this.#judged.set(object, { type, selection });
      for (const { name, classes, isRecord } of nestedOf(type)) {
        for (const value of objectsIn(Reflect.get(object, name))) {
          const held = isRecord && !classes.has(classOf(value)) ? objectsIn(Object.values(value)) : [value];
          for (const each of held) if (classes.has(classOf(each))) waiting.push(each);
        }
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
function objectsIn(value: unknown): object[] {
  const items: Iterable<unknown> =
    value instanceof Map
      ? value.values()
      : Array.isArray(value) || value instanceof Set
        ? (value as Iterable<unknown>)
        : [value];
  return [...items].filter((item) => typeof item === 'object' && item !== null);
}
