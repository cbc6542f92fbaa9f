import { describe, expect, it } from 'vitest';
import { withArticle } from './with-article.js';

describe('withArticle', () => {
  it.each(['an Array', 'an ArrayBuffer', 'an Item', 'a Map', 'a User', 'a Uint8Array'])('says %s', (words) => {
    expect(withArticle(words.split(' ')[1] ?? '')).toBe(words);
  });
});
