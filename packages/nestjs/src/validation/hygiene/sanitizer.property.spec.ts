import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import { IsOptional, IsString, validateSync } from 'class-validator';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { DtoBuilder } from '../dto/dto-builder.js';
import type { DtoClass } from '../dto/dto-metadata.js';
import { EscapeHtml } from './escape-html.decorator.js';
import { htmlLibraryLoaded } from './html-library.js';
import { SanitizeHtml } from './sanitize-html.decorator.js';
import { SanitizeString } from './sanitize-string.decorator.js';

class Plain {
  @SanitizeString() @IsString() text!: string;
}
class Folded {
  @SanitizeString({ normalize: 'NFKC' }) @EscapeHtml() @IsString() text!: string;
}
class Escaped {
  @EscapeHtml() @IsString() text!: string;
}
class Markup {
  @SanitizeHtml() @IsString() text!: string;
}
class Links {
  @SanitizeHtml({ allowedTags: ['a'], allowedAttributes: { a: ['href', 'title'] }, allowedSchemes: ['https'] })
  @IsString()
  text!: string;
}
const CLASSES = [Plain, Folded, Escaped, Markup, Links];

/** What parsers of HTML and Unicode stumble over. */
const parts = fc.constantFrom(
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    '`',
    '/',
    '\\',
    '<b>',
    '</b>',
    '<a href="https://a">',
    '<a title="',
    '</a>',
    '<!--',
    '-->',
  ],
  ...[
    '<script>',
    '</script>',
    '<style>',
    '</style>',
    '<svg>',
    '<math>',
    '<textarea>',
    '<![CDATA[',
    ']]>',
    '<p',
    ' onload=1',
  ],
  ...['&lt;', '&amp;', '&#x26;', '&#60;', '&#x338;', '&#xff1c;', '&#xff06;', '&#x202e;', '&#0;', '&#xd800;', '&#'],
  ...[
    '\u0338',
    '\u0301',
    '\uff1c',
    '\uff1e',
    '\uff06',
    '\ufdfa',
    '\u212b',
    '\u037e',
    '\u1fef',
    '\u202e',
    '\u0007',
    '\u0085',
    '\ufeff',
  ],
  ...[' ', '\n', '\t', 'a', 'e', 'script', 'javascript:', '\ud83d\ude00', '\u00a0', '\u2028'],
);
const texts = fc.oneof(
  fc.array(parts, { maxLength: 12 }).map((all) => all.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const cleaned = (type: DtoClass, text: unknown): unknown => (compilePayload(type).check({ text }) as Plain).text;

beforeAll(htmlLibraryLoaded);

describe('sanitisers', () => {
  it.each(CLASSES)('MV-10 MV-14 change nothing in what they have cleaned: %o', (type) => {
    const dto = compilePayload(type);
    fc.assert(
      fc.property(texts, (text) => {
        const once = (dto.check({ text }) as Plain).text;
        expect((dto.check({ text: once }) as Plain).text).toBe(once);
      }),
      { numRuns: 2000, seed: 20261127 },
    );
  });

  it.each(CLASSES)('MV-14 do the same where class-transformer runs them: %o', (type) => {
    expect(DtoBuilder.compile(type)).toBeDefined();
    class Mixed extends type {
      @Transform(({ value }: { value: unknown }) => value) @IsOptional() other?: unknown;
    }
    expect(DtoBuilder.compile(Mixed)).toBeUndefined();
    const compiled = compilePayload(Mixed);
    fc.assert(
      fc.property(texts, (text) => {
        const expected = cleaned(type, text);
        expect((compiled.check({ text }) as Plain).text).toBe(expected);
        const instance = plainToInstance<Plain, unknown>(type, { text });
        expect(instance.text).toBe(expected);
        expect(validateSync(instance)).toEqual([]);
      }),
      { numRuns: 300, seed: 20261127 },
    );
  });

  it.each([Folded, Escaped])('MV-14 OD-08 leave no character that begins markup: %o', (type) => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(cleaned(type, text)).not.toMatch(/[<>"'`\\/]/);
      }),
      { numRuns: 1000, seed: 20261127 },
    );
  });

  it.each([Markup, Links])('MV-14 OD-08 leave only elements and attributes that are allowed: %o', (type) => {
    const allowed =
      type === Links
        ? /^<\/?a(?: (?:href="https:[^"<>]*"|title="[^"<>]*"))*>$/
        : /^<\/?(?:a|b|p)(?: href="https?:[^"<>]*")?(?: \/)?>$/;
    fc.assert(
      fc.property(texts, (text) => {
        const clean = String(cleaned(type, text));
        for (const tag of clean.match(/<[^>]*>?/g) ?? []) expect(tag).toMatch(allowed);
      }),
      { numRuns: 2000, seed: 20261127 },
    );
  });

  it.each([
    [Markup, 'https://a', true],
    [Markup, 'mailto:a@b.c', true],
    [Markup, 'ftp://a', false],
    [Markup, '//a', false],
    [Links, 'https://a', true],
    [Links, 'http://a', false],
    [Links, 'mailto:a@b.c', false],
  ] as const)('MV-14 OD-08 keep the links of schemes that are allowed: %o %s', (type, href, isKept) => {
    expect(String(cleaned(type, `<a href="${href}">x</a>`)).includes('href')).toBe(isKept);
  });

  it('MV-14 lets a text that never settles become nothing', () => {
    const layers = '&#xff06;'.repeat(1) + '#xff06;'.repeat(40) + '#xff1c;script';
    expect(String(cleaned(Markup, layers))).not.toContain('<');
  });
});
