import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** The same relative place from `src/` and from `dist/`. */
const PAGES = fileURLToPath(new URL('../../public/', import.meta.url));

const resolve = createRequire(import.meta.url).resolve;

/**
 * Serves the pages, and beside them the packages that run in the browser as they come from npm.
 *
 * @throws Error when the protocol package is not built.
 */
export function serveStaticPages(app: NestExpressApplication): void {
  const protocol = join(dirname(resolve('@secure-ws/protocol/package.json')), 'dist');
  if (!existsSync(join(protocol, 'index.js'))) {
    throw new Error('The pages import @secure-ws/protocol, which is not built. Run "npm run build" first.');
  }
  // Resolves to dist/purify.cjs.js; the browser needs the ES module beside it.
  const purify = join(dirname(resolve('dompurify')), 'purify.es.mjs');
  // The same: dist/cjs/v2/index.js.
  const altcha = join(dirname(resolve('altcha-lib')), '../../esm/v2');
  const options = { dotfiles: 'deny', index: false, redirect: false } as const;
  app.useStaticAssets(protocol, { ...options, prefix: '/vendor/protocol/' });
  app.useStaticAssets(dirname(purify), { ...options, prefix: '/vendor/dompurify/', extensions: ['mjs'] });
  app.useStaticAssets(altcha, { ...options, prefix: '/vendor/altcha/' });
  app.useStaticAssets(PAGES, { ...options, index: 'index.html' });
}
