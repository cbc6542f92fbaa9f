import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_PLACE } from '../../assets/package-place.cjs';

/** A file of the page. */
export interface OperationsAsset {
  readonly type: string;
  readonly content: string;
}

/** The folder of the page's files. */
const FOLDER = join(dirname(PACKAGE_PLACE), 'operations');

const TYPES = { js: 'text/javascript', css: 'text/css', html: 'text/html' } as const;

/** Every file that is served: a name that is not here is asked of no file system. */
const NAMES = ['page.css', 'main.js', 'connection.js', 'actions.js', 'chart.js', 'tables.js', 'elements.js'] as const;

/**
 * Reads the files of the page, once.
 *
 * @throws Error where they are not beside the package, such as in a bundle that left them out.
 */
export function readOperationsAssets(): ReadonlyMap<string, OperationsAsset> {
  return new Map(NAMES.map((name) => [name, assetOf(name)]));
}

/** The page. @param base where its files are, as seen from it: of letters, digits and `. _ ~ -`. */
export function readOperationsPage(base: string): OperationsAsset {
  const { type, content } = assetOf('index.html');
  return { type, content: content.replaceAll('{{base}}', base) };
}

function assetOf(name: string): OperationsAsset {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES];
  return { type: `${type}; charset=utf-8`, content: readFileSync(join(FOLDER, name), 'utf8') };
}
