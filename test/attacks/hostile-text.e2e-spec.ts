import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EscapeHtml, RecordOf, SanitizeHtml, SanitizeString, WsAuthorize } from '@secure-ws/nestjs';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsOptional, IsString, Length, MaxLength, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Author {
  @SanitizeString({ normalize: 'NFKC' }) @IsString() @Length(1, 10) name!: string;
}
class Post {
  @SanitizeHtml() @IsString() @Length(1, 200) body!: string;
  @IsOptional() @EscapeHtml() @IsString() @MaxLength(60) caption?: string;
  @IsOptional() @ValidateNested() @Type(() => Author) author?: Author;
  @IsOptional()
  @SanitizeString()
  @ArrayMaxSize(3)
  @IsString({ each: true })
  @Length(1, 5, { each: true })
  tags?: string[];
  @IsOptional() @SanitizeHtml() @IsString() @MaxLength(50_000) long?: string;
  @IsOptional() @SanitizeString() @RecordOf(() => String) labels?: Record<string, string>;
}
/** Made by class-transformer. */
class Edited extends Post {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toUpperCase() : value))
  @IsString()
  word!: string;
}

@WebSocketGateway({ path: '/posts' })
@WsAuthorize()
class PostsGateway {
  @SubscribeMessage('post')
  post(@MessageBody() data: Post) {
    return data;
  }
  @SubscribeMessage('edit')
  edit(@MessageBody() data: Edited) {
    return data;
  }
}

const start = async () => {
  const app = await startApp({ providers: [PostsGateway] });
  return connect(`${app.url}/posts`, { token: app.token() });
};

const EVENTS = [
  ['post', {}],
  ['edit', { word: 'a' }],
] as const;

describe.each(EVENTS)('a hostile text, for %s', (event, more) => {
  it.each([
    ['a<script>alert(1)</script>', 'a'],
    ['<b onclick=alert(1)>a</b>', '<b>a</b>'],
    ['<a href="javascript:alert(1)">a</a>', '<a>a</a>'],
    ['<a href="//evil.example">a</a>', '<a>a</a>'],
    ['<a href="java\u0001script:alert(1)">a</a>', '<a>a</a>'],
    ['<img src=x onerror=alert(1)>a', 'a'],
    ['<svg><style><img src=x onerror=alert(1)></style></svg>a', 'a'],
    [
      'a<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
      'a<table></table>',
    ],
    // A mark that normalisation would join with the bracket before it, so that the text after it were attributes.
    ['<b>a</b>&#x338; onclick=alert(1)', '<b>a)</b>'],
    ['&lt;script&gt;alert(1)&lt;/script&gt;', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['a&#x202e;b&#1;c', 'abc'],
    ['1 < 2 & 3', '1 &lt; 2 &amp; 3'],
  ])('MV-14 OD-08 loses the markup that runs: %j', async (body, clean) => {
    const client = await start();
    expect(await client.request(event, { body, ...more })).toMatchObject({ data: { body: clean } });
    // What comes back may be sent again.
    expect(await client.request(event, { body: clean, ...more })).toMatchObject({ data: { body: clean } });
  });

  it.each([
    ['<b>"a"</b>', '&lt;b&gt;&quot;a&quot;&lt;&#x2F;b&gt;'],
    ["'`\\", '&#x27;&#96;&#x5C;'],
    ['&lt;', '&lt;'],
  ])('MV-14 is escaped once: %j', async (caption, escaped) => {
    const client = await start();
    expect(await client.request(event, { body: 'a', caption, ...more })).toMatchObject({ data: { caption: escaped } });
    expect(await client.request(event, { body: 'a', caption: escaped, ...more })).toMatchObject({
      data: { caption: escaped },
    });
  });

  it('MV-10 is clean before its rules judge it, below, in lists and in records', async () => {
    const client = await start();
    const data = {
      body: ' a ',
      author: { name: ' \u202e\uff21\ufb01 ' },
      tags: [' \u0000b '.replace('\u0000', '\u0007'), 'e\u0301'],
      labels: { x: ' c ' },
      ...more,
    };
    expect(await client.request(event, data)).toMatchObject({
      data: { body: 'a', author: { name: 'Afi' }, tags: ['b', '\u00e9'], labels: { x: 'c' } },
    });
  });

  it.each<readonly [data: object, path: string, rule: string]>([
    // Of what was sent nothing is left; what is left is too long; it is no text at all.
    [{ body: '<script>alert(1)</script>' }, 'body', 'isLength'],
    [{ body: ' \u202e ' }, 'body', 'isLength'],
    [{ body: '&'.repeat(100) }, 'body', 'isLength'],
    [{ body: { $gt: '' } }, 'body', 'isString'],
    [{ body: ['a'] }, 'body', 'isString'],
    [{ body: 5 }, 'body', 'isString'],
    [{ body: null }, 'body', 'isString'],
    [{ body: 'a', caption: '<'.repeat(20) }, 'caption', 'maxLength'],
    [{ body: 'a', author: { name: ' ' } }, 'author.name', 'isLength'],
    [{ body: 'a', author: { name: '\ufdfa' } }, 'author.name', 'isLength'],
    [{ body: 'a', tags: ['a', ' '] }, 'tags', 'isLength'],
    [{ body: 'a', tags: ['a', { $gt: '' }] }, 'tags', 'isString'],
    [{ body: 'a', labels: { x: [' '] } }, 'labels.*', 'isString'],
  ])('MV-14 MV-07 is refused by its rules, after it was cleaned: %j', async (data, path, rule) => {
    const client = await start();
    const { issues } = expectError(await client.request(event, { ...data, ...more }), 'VALIDATION_FAILED');
    expect(issues).toContainEqual({ path, rule });
  });

  it('MV-13 is not parsed where it is longer than a parser should read: its markup is escaped', async () => {
    const client = await start();
    const text = '<b>'.repeat(4000);
    const reply = await client.request(event, { body: 'a', ...more, long: text });
    expect(reply).toMatchObject({ data: { long: '&lt;b&gt;'.repeat(4000) } });
  });

  it('MV-13 DR-14 takes bounded work and ends no process, whatever markup it is made of', async () => {
    const crashes = watchForCrashes();
    const client = await start();
    const size = 9000;
    for (const part of [
      '<',
      '<b>',
      '<!--',
      '&#x3c;',
      '<a href="',
      '</',
      '<b ',
      '&#xff06;#xff06;',
      '<svg><p><style>',
      ']]>',
    ]) {
      const body = part.repeat(Math.floor(size / part.length));
      const reply = await client.request(event, { body, ...more });
      expect(['error', event]).toContain(reply.event);
    }
    expect(crashes).toEqual([]);
  }, 60_000);
});

describe('sanitisers that would do nothing', () => {
  it('MV-02 stop the boot', async () => {
    class Unsound {
      @SanitizeString() @IsInt() count!: number;
      @SanitizeString() @ValidateNested() @Type(() => Author) author!: Author;
      @SanitizeHtml() @RecordOf(() => Author) authors!: Record<string, Author>;
      @SanitizeString({ trim: false, normalize: false, stripControl: false }) @IsString() idle!: string;
      @SanitizeString({ trimm: true } as object) @IsString() misspelt!: string;
      @SanitizeHtml({ allowedTags: ['script'] }) @IsString() script!: string;
      @SanitizeHtml({ allowedAttributes: { b: ['onclick'] } }) @IsString() handler!: string;
      @SanitizeHtml({ allowedSchemes: ['javascript'] }) @IsString() scheme!: string;
      @SanitizeHtml({ allowedTags: 'b' } as object) @IsString() word!: string;
      @SanitizeHtml({ maxLength: Infinity }) @IsString() endless!: string;
      @SanitizeHtml() @SanitizeString() @IsString() both!: string;
      @EscapeHtml() @SanitizeString() @IsString() order!: string;
      @EscapeHtml() @EscapeHtml() @IsString() twice!: string;
      @SanitizeString() @EscapeHtml() @IsString() fine!: string;
    }
    @WebSocketGateway({ path: '/unsound' })
    @WsAuthorize()
    class UnsoundGateway {
      @SubscribeMessage('unsound')
      unsound(@MessageBody() data: Unsound) {
        return data;
      }
    }
    const problems = await bootProblems({ providers: [UnsoundGateway] });
    const names = [
      'count',
      'author',
      'authors',
      'idle',
      'misspelt',
      'script',
      'handler',
      'scheme',
      'word',
      'endless',
      'both',
      'order',
      'twice',
    ];
    expect(problems.map(({ where }) => where)).toEqual(names.map((name) => `Unsound.${name}`));
  });
});
