import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { type CompiledAppShape, compileApp } from '../support/compiled-app.js';
import { guideBlock } from '../support/guide-page.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const PAGE = readFileSync(new URL('../../docs/guide/explain.md', import.meta.url), 'utf8');
const DOCTOR_PAGE = readFileSync(new URL('../../docs/guide/doctor.md', import.meta.url), 'utf8');

/** The application of the README. */
function readmeApp(files: Readonly<Record<string, string>>): CompiledAppShape {
  const blocks = [...README.matchAll(/```ts\n\/\/ file: (\S+)\n([^]*?)```/g)];
  const sources = blocks.map(([, name, code]) => [`src/${name ?? ''}`, code ?? ''] as const);
  return { files: { ...Object.fromEntries(sources), ...files } };
}

/** The words of a command of a page, without `npx secure-ws`. */
function wordsOf(page: string, start: string): readonly string[] {
  const line = page.split('\n').find((text) => text.includes(`secure-ws ${start}`)) ?? '';
  return line.replace(/^.*?secure-ws /, '').split(' ');
}

/** What a page shows as the output of its command. */
function outputOf(page: string, name: string): string {
  return new RegExp(`<!-- output: ${name} -->\\n+\`\`\`text\\n([^]*?)\`\`\``).exec(page)?.[1] ?? 'no output';
}

afterEach(() => void vi.unstubAllEnvs());

it('AZ-02 explain.md shows what its command prints of the application of the README', { timeout: 60_000 }, async () => {
  const app = await compileApp(
    readmeApp({
      'alice.json': guideBlock('explain.md', 'alice.json'),
      'order.json': guideBlock('explain.md', 'order.json'),
    }),
  );
  const { status, out } = await app.secureWs(...wordsOf(PAGE, 'explain --module'));
  expect(out).toBe(outputOf(PAGE, 'explain'));
  expect(status).toBe(3);
});

it('DP-01 doctor.md shows what its command prints of a wide enableCors()', { timeout: 60_000 }, async () => {
  vi.stubEnv('NODE_ENV', 'production');
  const main = `
    import { NestFactory } from '@nestjs/core';
    import { AppModule } from './app.module.js';
    const app = await NestFactory.create(AppModule, { forceCloseConnections: true });
    app.enableShutdownHooks();
    app.enableCors({ origin: true, credentials: true });
    await app.listen(3000);
  `;
  const app = await compileApp(readmeApp({ 'src/main.ts': main }));
  const { status, out } = await app.secureWs(...wordsOf(DOCTOR_PAGE, 'doctor --main'));
  expect(out).toBe(outputOf(DOCTOR_PAGE, 'doctor'));
  expect(status).toBe(3);
});
