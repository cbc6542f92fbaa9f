import { readFileSync } from 'node:fs';

/** A file of the page. */
export interface PageAsset {
  readonly type: string;
  readonly content: string;
}

/** The same relative place from `src/` and from `dist/`. */
const FOLDER = new URL('../../../assets/proxy/', import.meta.url);

const TYPES = { js: 'text/javascript', css: 'text/css', html: 'text/html' } as const;

/** Every file that is served, by the end of its address: a name that is not here is asked of no file system. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['', 'index.html'],
  ['page.css', 'page.css'],
  ['main.js', 'main.js'],
  ['connection.js', 'connection.js'],
  ['elements.js', 'elements.js'],
]);

/** Reads the files of the page, once. @throws Error where they are not beside the package. */
export function readPageAssets(): ReadonlyMap<string, PageAsset> {
  return new Map([...NAMES].map(([end, name]) => [end, assetOf(name)]));
}

function assetOf(name: string): PageAsset {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES];
  return { type: `${type}; charset=utf-8`, content: readFileSync(new URL(name, FOLDER), 'utf8') };
}
