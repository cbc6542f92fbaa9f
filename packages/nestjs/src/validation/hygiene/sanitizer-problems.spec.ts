import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { IsArray, IsBoolean, IsInt, IsString, ValidateNested } from 'class-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { readProperties } from '../dto/dto-metadata.js';
import { RecordOf } from '../dto/record-of.decorator.js';
import { EscapeHtml } from './escape-html.decorator.js';
import { htmlLibraryLoaded } from './html-library.js';
import { SanitizeHtml } from './sanitize-html.decorator.js';
import { SanitizeString } from './sanitize-string.decorator.js';
import { checkSanitizers } from './sanitizer-problems.js';

class Part {
  @IsString() text!: string;
}

class Post {
  @IsString() plain!: string;
  @Transform(({ value }: { value: unknown }) => value) @IsString() other!: string;
  @SanitizeString() @IsString() text!: string;
  @SanitizeString() @IsString({ each: true }) @IsArray() list!: string[];
  @SanitizeString() @IsString({ each: true }) set!: Set<string>;
  @SanitizeString() @RecordOf(() => String) texts!: Record<string, string>;
  @SanitizeString() @EscapeHtml() @IsString() inOrder!: string;
  @SanitizeHtml() @IsString() html!: string;

  @SanitizeString() @IsInt() number!: number;
  @SanitizeString() @IsBoolean() flag!: boolean;
  @SanitizeString() @IsString({ each: true }) map!: Map<string, string>;
  @SanitizeString() @ValidateNested() @Type(() => Part) part!: Part;
  @SanitizeString() @ValidateNested({ each: true }) @Type(() => Part) parts!: Part[];
  @SanitizeString() @RecordOf(() => Number) numbers!: Record<string, number>;
  @EscapeHtml() @RecordOf(() => Part) byName!: Record<string, Part>;

  @SanitizeString() @SanitizeString() @IsString() twice!: string;
  @SanitizeHtml() @SanitizeString() @IsString() htmlFirst!: string;
  @EscapeHtml() @SanitizeHtml() @IsString() htmlLast!: string;
  @SanitizeHtml() @SanitizeHtml() @IsString() htmlTwice!: string;
  @EscapeHtml() @SanitizeString() @IsString() outOfOrder!: string;
  @SanitizeString({ trim: false, normalize: false, stripControl: false }) @IsString() nothing!: string;
}

beforeAll(htmlLibraryLoaded);

function problemsOf(name: keyof Post) {
  const property = readProperties(Post).find((each) => each.name === name);
  if (property === undefined) throw new Error(`Post.${name} is not declared.`);
  const problems = new BootProblems();
  checkSanitizers(Post, property, problems);
  expect(problems.problems.every(({ where }) => where === `Post.${name}`)).toBe(true);
  return problems.problems.map(({ problem, fix }) => [problem, fix]);
}

describe('checkSanitizers', () => {
  it.each(['plain', 'other', 'text', 'list', 'set', 'texts', 'inOrder', 'html'] as const)(
    'MV-10 finds nothing wrong with %s',
    (name) => {
      expect(problemsOf(name)).toEqual([]);
    },
  );

  it.each([
    ['number', '@SanitizeString()'],
    ['flag', '@SanitizeString()'],
    ['map', '@SanitizeString()'],
    ['part', '@SanitizeString()'],
    ['parts', '@SanitizeString()'],
    ['numbers', '@SanitizeString()'],
    ['byName', '@EscapeHtml()'],
  ] as const)('MV-10 refuses one of %s, which holds no text', (name, decorator) => {
    expect(problemsOf(name)).toEqual([
      [
        `has ${decorator} and holds no text: it would do nothing.`,
        `put ${decorator} above the texts of the class that ${name} holds, or remove it`,
      ],
    ]);
  });

  const besideHtml = (other: string) => [
    `has ${other} beside @SanitizeHtml(), which cleans texts itself, and whose markup no other may touch.`,
    `remove ${other}`,
  ];

  it.each<readonly [name: keyof Post, problems: readonly (readonly string[])[]]>([
    ['twice', [['has @SanitizeString() twice.', 'keep one']]],
    ['htmlFirst', [besideHtml('@SanitizeString()')]],
    ['htmlLast', [besideHtml('@EscapeHtml()')]],
    ['htmlTwice', [['has @SanitizeHtml() twice.', 'keep one'], besideHtml('@SanitizeHtml()')]],
    [
      'outOfOrder',
      [
        [
          'has @EscapeHtml() above @SanitizeString(), which would run after it and may make markup of other characters.',
          'write @SanitizeString() above @EscapeHtml()',
        ],
      ],
    ],
  ])('MV-10 refuses %s, where one undoes what another has done', (name, problems) => {
    expect(problemsOf(name)).toEqual(problems);
  });

  it('MV-10 tells what is wrong with the options of one', () => {
    expect(problemsOf('nothing')).toHaveLength(1);
  });
});
