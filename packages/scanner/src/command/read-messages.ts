import { stat, readFile } from 'node:fs/promises';

const MAX_BYTES = 1_048_576;
const MAX_MESSAGES = 100;

/**
 * Reads messages that a server answers: one a line, as they go over the wire; of a file that ends in `.json` an array of texts and objects.
 *
 * @throws TypeError for a file that cannot be read, or holds none or too many.
 */
export async function readMessages(path: string): Promise<readonly string[]> {
  const content = await contentOf(path);
  const messages = path.endsWith('.json')
    ? fromArray(path, content)
    : content.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (messages.length === 0 || messages.length > MAX_MESSAGES) {
    throw new TypeError(`--messages ${path} holds ${messages.length} messages: it takes 1 to ${MAX_MESSAGES}.`);
  }
  return messages;
}

async function contentOf(path: string): Promise<string> {
  let size: number;
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw Object.assign(new Error(), { code: 'it is not a regular file' });
    size = stats.size;
    if (size <= MAX_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--messages ${path} cannot be read: ${code}.`, { cause });
  }
  throw new TypeError(`--messages ${path} is larger than ${MAX_BYTES} bytes.`);
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
