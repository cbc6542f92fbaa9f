import { fieldsOf } from './dialect.js';

/** Words that say no. */
const NO =
  'error|exception|fail(?:ed|ure)?|denied|unauthori[sz]ed|unauthenticated|forbidden|reject(?:ed)?|invalid|unknown|throttled|not[ _-]?(?:found|allowed|permitted|supported)|too[ _-]?many[ \\w-]*';
/** In a name: at its end, so that `error.list` is an event like others. */
const NAME = new RegExp(`^(?:.*[ ._:/-])?(?:${NO})$`, 'i');
const TEXT = new RegExp(`\\b(?:${NO})\\b`, 'i');
const NAMED = ['type', 'event', 'status', 'code', 'kind', 'result', 'name'];
const MAX_SENTENCE = 200;

/** Whether an object says no in one of the usual ways: `{ "type": "error" }`, `{ "error": ... }`, `{ "ok": false }`, `{ "status": 403 }`. */
export function isRefusalObject(value: unknown): boolean {
  const fields = fieldsOf(value);
  const { data, payload } = fields;
  return NAMED.some((name) => isNo(fields[name])) || [fields, data, payload].some(carriesError);
}

/** Whether a text that is not JSON says no: in one sentence, and not somewhere in a document. */
export function isRefusalText(text: string): boolean {
  return text.length <= MAX_SENTENCE && TEXT.test(text);
}

function isNo(value: unknown): boolean {
  // A longer text is no name, and looking at it would cost the square of its length.
  if (typeof value === 'string') return value.length <= MAX_SENTENCE && NAME.test(value);
  return typeof value === 'number' && value >= 400 && value < 600;
}

function carriesError(value: unknown): boolean {
  const { error, errors, ok, success } = fieldsOf(value);
  const isSet = error !== undefined && error !== null && error !== false && error !== '';
  return isSet || (Array.isArray(errors) && errors.length > 0) || ok === false || success === false;
}
