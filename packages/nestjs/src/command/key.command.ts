import { parseArgs } from 'node:util';
import { createApiKey } from '../authentication/api-key/api-key.js';
import { isIdentifier } from '../core/identifier.js';
import type { Command } from './command.js';

const MS_PER_DAY = 86_400_000;

/** `secure-ws key`: makes an API key for `authentication.apiKeys`. */
export const keyCommand: Command = {
  summary: 'make an API key, and the record to store for it',
  help: `secure-ws key [--prefix acme_live] [--owner ID] [--scopes a,b] [--days 90]

Makes an API key and prints JSON: "key" is for its owner, is shown this once and must be stored nowhere;
"record" is what the WsApiKeyStore of the application finds. Nothing is sent or written anywhere.

  --prefix  what the key begins with, as authentication.apiKeys.prefix says (default: key)
  --owner   whose key it is
  --scopes  what it may do, separated by commas
  --days    after how many days it ends (default: never)`,

  run(args, { out, note }) {
    const text = { type: 'string' } as const;
    const options = { prefix: text, owner: text, scopes: text, days: text };
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false });
    const { prefix, owner = 'OWNER' } = values;
    const scopes = values.scopes?.split(',') ?? [];
    if (![owner, ...scopes].every(isIdentifier)) {
      throw new TypeError('--owner and --scopes take names of 1 to 256 characters, without control characters.');
    }
    const { key, id, hash } = createApiKey(prefix);
    const record = { id, hash, owner, scopes, ...(values.days !== undefined && { expiresAt: endOf(values.days) }) };
    out(JSON.stringify({ key, record }, undefined, 2));
    note('Give "key" to its owner and store "record". The key cannot be shown again.');
  },
};

function endOf(days: string): number {
  const count = /^\d{1,5}$/.test(days) ? Number(days) : 0;
  if (count === 0) throw new TypeError('--days takes a whole number from 1 to 99999.');
  return Date.now() + count * MS_PER_DAY;
}
