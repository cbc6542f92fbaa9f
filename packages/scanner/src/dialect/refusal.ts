import { fieldsOf } from './dialect.js';
import { hasLeaf } from './has-leaf.js';

/** Words that say no. */
const NO = `error|exception|fail(?:ed|ure)?|denied|unauthori[sz]ed|unauthenticated|forbidden|reject(?:ed)?|invalid|unknown|throttled|nack|not[ _-]?(?:found|allowed|permitted|supported|authori[sz]ed|authenticated)|(?:auth\\w*|log[ _-]?in|sign[ _-]?in|token|credentials?|permission)[ _-]?required|unauthori[sz]ed[ _-](?:client|access|user|request)|too[ _-]?many[ \\w-]*`;
/** In a name: at its end, so that `error.list` is an event like others. */
const NAME = new RegExp(`^(?:.*[ ._:/-])?(?:${NO})$`, 'i');
const TEXT = new RegExp(`\\b(?:${NO})\\b`, 'i');
/** In a few words: at the beginning or at the end, as in `Invalid token` and `Access denied`. */
const WORDS = new RegExp(`^(?:${NO})\\b|\\b(?:${NO})[.!]?$`, 'i');
const NAMED = ['type', 'event', 'status', 'code', 'kind', 'result', 'name', 'action', 'method', 'statusCode'];
/** What else stands beside the message of an error that is nothing else. */
const BESIDE_MESSAGE: ReadonlySet<string> = new Set(['message', 'id', 'requestId', 'timestamp']);
const MAX_SENTENCE = 200;
const MAX_FEW = 60;

/** Whether an object says no in one of the usual ways: `{ "type": "error" }`, `{ "error": ... }`, `{ "ok": false }`, `{ "status": 403 }`. */
export function isRefusalObject(value: unknown): boolean {
  const fields = fieldsOf(value);
  const inner = [fields['data'], fields['payload']];
  return (
    NAMED.some((name) => isNo(fields[name])) ||
    inner.some((each) => isRefusalWords(each) || isStatusOfHttp(each)) ||
    isMessageAlone(fields) ||
    [fields, ...inner].some(carriesError)
  );
}

/** Whether a text that is not JSON says no: in one sentence, and not somewhere in a document. */
export function isRefusalText(text: string): boolean {
  return text.length <= MAX_SENTENCE && TEXT.test(text);
}

/** Whether a value that stands where data could is a text of a few words that says no. */
export function isRefusalWords(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_FEW && WORDS.test(value.trim());
}

/** Whether a name, such as that of an event, says no. */
export function isRefusalName(name: string): boolean {
  // A longer text is no name, and looking at it would cost the square of its length.
  return name.length <= MAX_SENTENCE && NAME.test(name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2'));
}

const isNo = (value: unknown): boolean => (typeof value === 'string' ? isRefusalName(value) : isStatus(value));

const isStatus = (value: unknown): boolean => typeof value === 'number' && value >= 400 && value < 600;

/** The body of an exception of Nest, and its like. A word there may be the state of an order. */
function isStatusOfHttp(value: unknown): boolean {
  const { status, statusCode, code } = fieldsOf(value);
  return [status, statusCode, code].some(isStatus);
}

const isMessageAlone = (fields: Readonly<Record<string, unknown>>): boolean =>
  isRefusalWords(fields['message']) && Object.keys(fields).every((name) => BESIDE_MESSAGE.has(name));

function carriesError(value: unknown): boolean {
  const { error, err, errorCode, errors, data, ok, success } = fieldsOf(value);
  if ([error, err, errorCode].some((each) => each !== undefined && !NOTHING.has(each))) return true;
  if (ok === false || ok === 0 || success === false) return true;
  // As GraphQL answers: errors at the paths of some fields, beside the data of the others.
  const isPartial = Array.isArray(errors) && errors.every((each) => Array.isArray(fieldsOf(each)['path']));
  return Array.isArray(errors) && errors.length > 0 && !(isPartial && hasLeaf(data));
}

const NOTHING: ReadonlySet<unknown> = new Set([null, false, '', 0]);
