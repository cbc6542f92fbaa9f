import { describe, expect, it } from 'vitest';
import { arrivalOf } from './arrival.js';

describe('arrivalOf', () => {
  it.each([
    ['own', undefined, undefined, undefined],
    ['own', 'none', 'navigate', 'document'],
    ['own', 'same-origin', 'cors', 'empty'],
    ['link', 'cross-site', 'navigate', 'document'],
    ['link', 'same-site', 'navigate', undefined],
    ['foreign', 'cross-site', 'navigate', 'iframe'],
    ['foreign', 'same-site', 'no-cors', 'image'],
    ['foreign', 'cross-site', undefined, undefined],
    ['foreign', 'same-origin, cross-site', 'cors', 'empty'],
  ] as const)('OD-10 is %s for a request of %s, %s, %s', (arrival, site, mode, target) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': target };
    expect(arrivalOf(headers)).toBe(arrival);
  });
});
