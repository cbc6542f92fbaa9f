import { describe, expect, it } from 'vitest';
import { areAlikeFilters } from './alike-filters.js';

class Hidden {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }
}

class Comparable extends Hidden {
  equals(other: unknown): boolean {
    return other instanceof Comparable && other.text === this.text;
  }
}

/** Answers part of a query, as the builders do. */
class Builder extends Hidden {
  equals(other: unknown): object {
    return { equals: other };
  }
}

const OR = Symbol('or');
const once = new Hidden('a');
const proxied = (text: string): object => new Proxy({}, { get: () => text });
const cyclic = (owner: string): object => {
  const filter: Record<string, unknown> = { owner };
  filter['itself'] = filter;
  return filter;
};

describe('areAlikeFilters', () => {
  it.each<[string, () => unknown, () => unknown]>([
    ['plain objects', () => ({ a: { b: [1, 'x', null, undefined] } }), () => ({ a: { b: [1, 'x', null, undefined] } })],
    ['their members in another order', () => ({ a: 1, b: 2 }), () => ({ b: 2, a: 1 })],
    ['objects without a prototype', () => Object.create(null) as object, () => Object.create(null) as object],
    ['members under symbols', () => ({ [OR]: [{ a: 1 }] }), () => ({ [OR]: [{ a: 1 }] })],
    ['dates', () => ({ after: new Date(5) }), () => ({ after: new Date(5) })],
    ['patterns', () => ({ name: /^a/iu }), () => ({ name: /^a/iu })],
    ['bytes', () => ({ key: Buffer.from('a') }), () => ({ key: Buffer.from('a') })],
    ['not a number', () => ({ a: Number.NaN }), () => ({ a: Number.NaN })],
    ['the same instance', () => ({ where: once }), () => ({ where: once })],
    ['instances that say so', () => [new Comparable('a')], () => [new Comparable('a')]],
    ['one that holds itself', () => cyclic('a'), () => cyclic('a')],
  ])('SL-11 %s are alike', (_, before, after) => {
    expect(areAlikeFilters(before(), after())).toBe(true);
  });

  it.each<[string, () => unknown, () => unknown]>([
    ['other values', () => ({ a: [1] }), () => ({ a: [2] })],
    ['a member more', () => ({ a: 1 }), () => ({ a: 1, b: undefined })],
    ['another member', () => ({ a: undefined }), () => ({ b: undefined })],
    ['an item more', () => [1], () => [1, 2]],
    ['other members under symbols', () => ({ [OR]: 1 }), () => ({ [OR]: 2 })],
    ['other dates', () => new Date(5), () => new Date(6)],
    ['other patterns', () => /a/u, () => /b/u],
    ['other bytes', () => Buffer.from('a'), () => Buffer.from('b')],
    ['a text and a number', () => ({ a: '1' }), () => ({ a: 1 })],
    ['a list and an object', () => [], () => ({})],
    ['nothing and something', () => undefined, () => ({})],
    ['something and null', () => ({}), () => null],
    ['instances with private fields', () => new Hidden('a'), () => new Hidden('b')],
    ['instances that nobody can compare', () => ({ where: new Hidden('a') }), () => ({ where: new Hidden('a') })],
    ['instances that say no', () => new Comparable('a'), () => new Comparable('b')],
    ['instances of two classes', () => new Comparable('a'), () => new Hidden('a')],
    ['instances that answer no boolean', () => new Builder('a'), () => new Builder('a')],
    ['proxies', () => proxied('a'), () => proxied('a')],
    ['functions', () => ({ where: () => 1 }), () => ({ where: () => 1 })],
    ['maps', () => new Map([[1, 2]]), () => new Map([[1, 2]])],
    ['those that hold themselves', () => cyclic('a'), () => cyclic('b')],
  ])('SL-11 %s are not', (_, before, after) => {
    expect(areAlikeFilters(before(), after())).toBe(false);
  });

  it('takes two for different that are nested deeper than anybody looks', () => {
    const nested = (levels: number): unknown => {
      let filter: unknown = {};
      for (let level = 0; level < levels; level++) filter = { and: filter };
      return filter;
    };
    expect(areAlikeFilters(nested(100), nested(100))).toBe(true);
    expect(areAlikeFilters(nested(20_000), nested(20_000))).toBe(false);
  });
});
