import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isPlainObject } from '../core/option-reader.js';

/** Where the root module of an application is. */
export interface ApplicationReference {
  /** The compiled file, absolute. */
  readonly file: string;
  /** The name that it exports the module by. */
  readonly exportName: string;
}

const DEFAULT_EXPORT = 'AppModule';

const EXAMPLE = '"secureWs": { "module": "dist/app.module.js#AppModule" }';

/**
 * Reads where the application is: what `--module` says, else the field `secureWs.module` of the package.json in the folder.
 *
 * @param given `dist/app.module.js#AppModule`; without a name, `AppModule` is meant.
 * @throws TypeError that says what to write, where neither names a compiled file.
 */
export async function readApplicationReference(
  given: string | undefined,
  folder: string,
): Promise<ApplicationReference> {
  const text = given ?? (await readFromPackage(folder));
  const [, path = '', exportName = DEFAULT_EXPORT] = /^([^#]*)(?:#(.+))?$/.exec(text) ?? [];
  if (path === '') throw new TypeError('--module takes a file and a name in it: dist/app.module.js#AppModule.');
  if (/\.[cm]?tsx?$/.test(path)) {
    throw new TypeError('--module takes the compiled file: Node does not run decorators. Name dist/app.module.js.');
  }
  return { file: resolve(folder, path), exportName };
}

async function readFromPackage(folder: string): Promise<string> {
  const nowhere = new TypeError(
    `Nothing says where the application is: give --module dist/app.module.js#AppModule, or write ${EXAMPLE} into package.json.`,
  );
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  } catch (cause) {
    throw Object.assign(nowhere, { cause });
  }
  const settings = isPlainObject(manifest) ? manifest['secureWs'] : undefined;
  const module = isPlainObject(settings) ? settings['module'] : undefined;
  if (typeof module !== 'string') throw nowhere;
  return module;
}
