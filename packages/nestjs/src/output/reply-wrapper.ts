import { isPlainObject } from './output-shape.js';

/** How many members are looked at: a wrapper has few, and an object that is a table of data has no end of them. */
const MAX_MEMBERS = 16;

/**
 * Whether a value is a plain object that has none of the names which a view knows, and holds an object or a list: a row without
 * what is optional in the view holds texts and numbers. No accessor of it is called.
 */
export function isWrapper(value: unknown, known: ReadonlySet<string>): boolean {
  try {
    if (!isPlainObject(value)) return false;
    const object = value as object;
    for (const name of known) if (name in object) return false;
    const names = Object.keys(object).slice(0, MAX_MEMBERS);
    return names.some((name) => holdsData(Object.getOwnPropertyDescriptor(object, name)?.value, known));
  } catch {
    // A proxy that does not answer: it was written, and a look at it may not change that.
    return false;
  }
}

/** Whether a member is an object or a list, and no more than one value: a date, bytes, an ObjectId, a Decimal. */
function holdsData(member: unknown, known: ReadonlySet<string>): boolean {
  if (typeof member !== 'object' || member === null) return false;
  if (member instanceof Date || ArrayBuffer.isView(member)) return false;
  // A document of Mongoose has a toJSON as well, and what the view asks for.
  return isPlainObject(member) || !('toJSON' in member) || [...known].some((name) => name in member);
}
