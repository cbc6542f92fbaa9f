import { describe, expect, it } from 'vitest';
import { findAnchors, findLinks } from './markdown-links.mjs';

const page = (/** @type {string[]} */ ...lines) => lines.join('\n');

describe('findLinks', () => {
  it.each([
    { what: 'a link', text: 'See [this](a.md#b).', targets: ['a.md#b'] },
    { what: 'two in a line', text: '[a](a.md) · [b](b.md "title")', targets: ['a.md', 'b.md'] },
    { what: 'a link whose text is code', text: '[`a.ts`](src/a.ts)', targets: ['src/a.ts'] },
    { what: 'an image inside a link', text: '[![b](badge.svg)](ci.yml)', targets: ['ci.yml'] },
    { what: 'code', text: '`[a](b)` and ``[`c`](d)``', targets: [] },
    { what: 'a comment', text: '<!-- [a](b.md) -->', targets: [] },
    { what: 'brackets without a target', text: 'an [option] (here)', targets: [] },
  ])('reads $what', ({ text, targets }) => {
    expect(findLinks(text).map(({ target }) => target)).toEqual(targets);
  });

  it('leaves code blocks out, and says the line', () => {
    expect(findLinks(page('```md', '[a](a.md)', '```', '', '~~~', '[b](b.md)', '~~~', '[c](c.md)'))).toEqual([
      { target: 'c.md', line: 8 },
    ]);
  });
});

describe('findAnchors', () => {
  it.each([
    { heading: '# What is not promised', anchor: 'what-is-not-promised' },
    { heading: '## Policies: whose object is it?', anchor: 'policies-whose-object-is-it' },
    { heading: "### The application's own `ValidationPipe` ###", anchor: 'the-applications-own-validationpipe' },
    { heading: '## [Linked](a.md) text', anchor: 'linked-text' },
    { heading: '## handshake.limits', anchor: 'handshakelimits' },
  ])('names "$heading" as GitHub does', ({ heading, anchor }) => {
    expect([...findAnchors(heading)]).toEqual([anchor]);
  });

  it('numbers headings that occur again, and skips comments in code', () => {
    expect([...findAnchors(page('# A', '```sh', '# no heading', '```', '# A'))]).toEqual(['a', 'a-1']);
  });
});
