import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { SameOriginGuard } from './same-origin.guard.js';

const ORIGIN = 'https://localhost:3443';
const guard = new SameOriginGuard({ publicUrl: ORIGIN, origins: [ORIGIN], accessMs: 900_000 });

function passes(method: string, headers: Record<string, string>): boolean {
  const context = { switchToHttp: () => ({ getRequest: () => ({ method, headers }) }) };
  return guard.canActivate(context as ExecutionContext);
}

describe('SameOriginGuard', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a page of the app', 'POST', { origin: ORIGIN, 'sec-fetch-site': 'same-origin', cookie: 'a=1' }],
    ['a read by a page of the app', 'GET', { 'sec-fetch-site': 'same-origin', cookie: 'a=1' }],
    ['curl', 'POST', {}],
  ])('lets %s through', (_, method, headers) => {
    expect(passes(method, headers)).toBe(true);
  });

  it.each<[string, string, Record<string, string>]>([
    ['a page on another site', 'POST', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    [
      'a page on another port',
      'POST',
      { origin: 'https://localhost:9999', 'sec-fetch-site': 'same-site', cookie: 'a=1' },
    ],
    ['another origin in a browser without Fetch Metadata', 'POST', { origin: 'https://evil.example' }],
    ['a sandboxed frame', 'POST', { origin: 'null' }],
    ['a read by another site', 'GET', { 'sec-fetch-site': 'cross-site' }],
    ['a cookie of nobody knows where', 'POST', { cookie: 'a=1' }],
  ])('refuses %s', (_, method, headers) => {
    expect(passes(method, headers)).toBe(false);
  });
});
