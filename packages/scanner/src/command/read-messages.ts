import { messagesOfHar } from '../har/messages-of-har.js';
import { readHar } from '../har/read-har.js';
import { readInput, readInputFile } from './read-input-file.js';

const MAX_BYTES = 1_048_576;
/** What a browser saves holds the scripts and pictures of its pages as well. */
export const MAX_HAR_BYTES = 67_108_864;
const MAX_MESSAGES = 100;

/**
 * Reads messages that a server answers: one a line, as they go over the wire; of a file that ends in `.json` an array of texts
 * and objects; of one that ends in `.har` the first {@link MAX_MESSAGES} that were sent to the host of the target.
 *
 * @throws TypeError for a file that cannot be read, or holds none or too many.
 */
export async function readMessages(path: string, target: string): Promise<readonly string[]> {
  const isHar = path.endsWith('.har');
  const content = await readInputFile('--messages', path, isHar ? MAX_HAR_BYTES : MAX_BYTES);
  if (isHar) return fromHar(path, content, target);
  const messages = path.endsWith('.json')
    ? fromArray(path, content)
    : content.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (messages.length === 0 || messages.length > MAX_MESSAGES) {
    throw new TypeError(`--messages ${path} holds ${messages.length} messages: it takes 1 to ${MAX_MESSAGES}.`);
  }
  return messages;
}

function fromHar(path: string, content: string, target: string): readonly string[] {
  const origin = URL.canParse(target) ? new URL(target).origin : '';
  const messages = readInput('--messages', path, () => messagesOfHar(readHar(content), origin, MAX_MESSAGES));
  if (messages.length === 0) throw new TypeError(`--messages ${path} holds no text that was sent to ${origin}.`);
  return messages;
}

function fromArray(path: string, content: string): readonly string[] {
  try {
    const values: unknown = JSON.parse(content);
    if (!Array.isArray(values)) throw new Error('It is an object or a text.');
    return (values as readonly unknown[]).map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  } catch (cause) {
    throw new TypeError(`--messages ${path} is not an array in JSON.`, { cause });
  }
}
