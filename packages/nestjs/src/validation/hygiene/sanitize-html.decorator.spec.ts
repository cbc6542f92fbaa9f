import 'reflect-metadata';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueTransformsOf } from '../../nest/transformer-storage.js';
import { htmlLibraryLoaded, requestHtmlLibrary } from './html-library.js';
import { SanitizeHtml, type SanitizeHtmlOptions } from './sanitize-html.decorator.js';
import { sanitizersOf } from './sanitizer.js';

/** The sanitiser of a property that is declared so. */
function declaredWith(options: SanitizeHtmlOptions) {
  class Post {
    @SanitizeHtml(options)
    html!: string;
  }
  const [sanitizer] = sanitizersOf(valueTransformsOf(Post, 'html'));
  return { problem: sanitizer?.problem?.()?.problem, clean: (html: string) => sanitizer?.clean(html) };
}

beforeAll(async () => {
  requestHtmlLibrary();
  await htmlLibraryLoaded();
});

describe('SanitizeHtml', () => {
  it.each<readonly [allowed: string, options: SanitizeHtmlOptions]>([
    ['script', { allowedTags: ['b', 'script'] }],
    ['IFRAME', { allowedTags: ['IFRAME'] }],
    ['svg', { allowedAttributes: { svg: ['width'] } }],
    ['onclick', { allowedAttributes: { a: ['href'], b: ['onclick'] } }],
    ['style', { allowedAttributes: { '*': ['style'] } }],
    ['srcdoc', { allowedAttributes: { p: ['srcdoc'] } }],
    ['*', { allowedAttributes: { a: ['*'] } }],
    ['javascript', { allowedSchemes: ['https', 'javascript'] }],
    ['DATA', { allowedSchemes: ['DATA'] }],
  ])('MV-14 may not allow %s, which runs or loads what a client likes', (allowed, options) => {
    expect(declaredWith(options).problem).toMatch(new RegExp(`^allows ${allowed.replace('*', '\\*')} in`));
  });

  it('MV-14 keeps what it was declared with, whatever becomes of the lists', () => {
    const lists = { allowedTags: ['a'], allowedAttributes: { a: ['href'] }, allowedSchemes: ['https'] };
    const { problem, clean } = declaredWith(lists);
    expect(problem).toBeUndefined();
    lists.allowedTags.push('script');
    lists.allowedAttributes.a.push('onclick');
    lists.allowedSchemes.push('javascript');
    expect(clean('<a href="javascript:x" onclick="x">a</a><script>x</script>')).toBe('<a>a</a>');
  });
});
