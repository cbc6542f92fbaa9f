import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The concerns whose policies decide about a message or a handshake. */
export const CONCERNS = ['authorization', 'validation', 'handshake', 'authentication', 'throttling', 'messages'];

/** The policies of some concerns, as Stryker names files: from the root of the repository. */
export function policiesOf(/** @type {readonly string[]} */ concerns) {
  return concerns.flatMap(filesOf).filter(isPolicy);
}

function filesOf(/** @type {string} */ concern) {
  const folder = `packages/nestjs/src/${concern}`;
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** Bindings, which tests over real sockets hold, import Nest; options are read by tests that boot an application. */
function isPolicy(/** @type {string} */ file) {
  if (/(\.spec|\.options|\.decorator|\/index)\.ts$/.test(file)) return false;
  return !readFileSync(join(root, file), 'utf8').includes("from '@nestjs/");
}
