import { answerShape } from './answer-shape.js';
import { jsonValue } from './dialect.js';

/** What stands in front of the JSON of Socket.IO, and behind that of SignalR. */
const FRAMING = /^4\d(?:\/[^,]*,)?\d*|\u001e$/g;
const MAX_LEVELS = 3;
/** Fields that say what kind of answer it is. */
const KINDS: ReadonlySet<string> = new Set(['event', 'type', 'action', 'method', 'kind', 'status']);

/** Whether two answers are of one form: the same fields, and the same kind of answer by its name, whatever else is in them. */
export function areOfOneForm(one: string, other: string): boolean {
  return formOf(one) === formOf(other);
}

function formOf(frame: string): string {
  const value = jsonValue(frame.replaceAll(FRAMING, ''));
  return value === undefined ? answerShape(frame) : formOfValue(value, 0);
}

function formOfValue(value: unknown, level: number): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  // At the top of a frame an array is a message of Socket.IO or Phoenix; below it is a list, which may be empty.
  if (Array.isArray(value)) return level === 0 ? `[${value.map((each) => formOfValue(each, 1)).join()}]` : 'list';
  if (level >= MAX_LEVELS) return 'object';
  const fields = Object.entries(value).map(([key, each]) => {
    const isKind = KINDS.has(key) && typeof each === 'string';
    return `${key}:${isKind ? each : formOfValue(each, level + 1)}`;
  });
  return `{${fields.sort().join()}}`;
}
