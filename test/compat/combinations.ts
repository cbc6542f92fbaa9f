import type { Platform } from './fixture-process.js';
import { type Fixture, FIXTURES } from './fixtures.js';

const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

/** Nest 11 and 12, CommonJS and ESM, over Express and over Fastify. */
export const COMBINATIONS: readonly (readonly [Fixture, Platform])[] = FIXTURES.flatMap((fixture) =>
  PLATFORMS.map((platform) => [fixture, platform] as const),
);
