import { isPlainObject } from './output-shape.js';

/** How many members are looked at: a wrapper has few, and an object that is a table of data has no end of them. */
const MAX_MEMBERS = 16;

/** How many of them are named. */
const MAX_NAMES = 5;

const NAME = /^[A-Za-z_$][\w$]{0,63}$/;

/**
 * The members of a plain object that has none of the names which a view knows, and holds an object or a list. No accessor of
 * it is called.
 *
 * @returns `undefined` for any other value: a row without what is optional in the view holds texts and numbers.
 */
export function membersOfWrapper(value: unknown, known: ReadonlySet<string>): readonly string[] | undefined {
  try {
    if (!isPlainObject(value)) return undefined;
    const object = value as object;
    for (const name of known) if (name in object) return undefined;
    const names = Object.keys(object).slice(0, MAX_MEMBERS);
    if (!names.some((name) => holdsData(Object.getOwnPropertyDescriptor(object, name)?.value, known))) return undefined;
    return names.filter((name) => NAME.test(name)).slice(0, MAX_NAMES);
  } catch {
    // A proxy that does not answer: it was written, and a look at it may not change that.
    return undefined;
  }
}

/** Whether a member is an object or a list, and no more than one value: a date, bytes, an ObjectId, a Decimal. */
function holdsData(member: unknown, known: ReadonlySet<string>): boolean {
  if (typeof member !== 'object' || member === null) return false;
  if (member instanceof Date || ArrayBuffer.isView(member)) return false;
  // A document of Mongoose has a toJSON as well, and what the view asks for.
  return isPlainObject(member) || !('toJSON' in member) || [...known].some((name) => name in member);
}
