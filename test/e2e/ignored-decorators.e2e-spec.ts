import type { Provider } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Throttle } from '@nestjs/throttler';
import {
  RecordOf,
  SecureGateway,
  WsAuthorize,
  WsBinary,
  WsBytes,
  WsConnection,
  WsInputRoles,
  WsPayload,
  type WsPolicy,
  WsReply,
  WsSubprotocol,
  WsStepUp,
  WsThrottle,
} from '@secure-ws/nestjs';
import { Expose } from 'class-transformer';
import { IsInt, IsNotEmpty, IsObject, IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Text {
  @IsString()
  text!: string;
}

class Other {
  @IsString()
  other!: string;
}

class Price {
  @IsInt()
  cents!: number;
}

class TextView {
  @Expose() text!: string;
}

class OtherView {
  @Expose() other!: string;
}

const problemsOf = async (...providers: Provider[]) =>
  (await bootProblems({ providers })).map(({ where, problem }) => `${where} ${problem}`);

describe('a decorator that stands twice on one place', () => {
  it('DR-06 stops the boot, for the lower limit would be lost', async () => {
    @WsAuthorize()
    @WebSocketGateway({ path: '/twice' })
    class Twice {
      @WsThrottle({ limit: 30, ttl: 1000 })
      @WsThrottle({ limit: 1, ttl: 60_000, name: 'minute' })
      @SubscribeMessage('one')
      one() {}
    }
    expect(await problemsOf(Twice)).toEqual([
      'Twice.one has @WsThrottle() twice, of which only the upper one would hold.',
    ]);
  });

  it('MV-02 MV-19 stops the boot for payloads, bytes, replies, settings and subprotocols', async () => {
    @SecureGateway({ anonymous: true })
    @SecureGateway({ limits: { maxMessageBytes: 100 } })
    @WsAuthorize()
    @WebSocketGateway({ path: '/twice' })
    class Twice {
      @WsPayload(Text)
      @WsPayload(Other)
      @SubscribeMessage('payload')
      payload(@MessageBody() text: Text) {
        return text;
      }

      @WsReply(TextView)
      @WsReply(OtherView)
      @SubscribeMessage('reply')
      reply() {
        return { text: 'a' };
      }

      @WsBinary({ maxBytes: 10 })
      @WsBinary({ maxBytes: 20 })
      @SubscribeMessage('bytes')
      bytes(@WsBytes() bytes: Buffer) {
        return bytes.length;
      }

      @WsSubprotocol('json.v1')
      @WsSubprotocol('secure-ws.v1')
      @SubscribeMessage('subprotocol')
      subprotocol() {}
    }
    expect(await problemsOf(Twice)).toEqual(
      [
        'Twice has @SecureGateway()',
        'Twice.payload has @WsPayload()',
        'Twice.reply has @WsReply()',
        'Twice.bytes has @WsBinary()',
        'Twice.subprotocol has @WsSubprotocol()',
      ].map((what) => `${what} twice, of which only the upper one would hold.`),
    );
  });

  it('AZ-07 stops the boot above a property: roles of one would be forgotten', async () => {
    class Member {
      @WsInputRoles('admin')
      @WsInputRoles('owner')
      @IsOptional()
      @IsString()
      role?: string;

      @RecordOf(() => Price, { maxKeys: 5 })
      @RecordOf(() => Price)
      prices!: Record<string, Price>;
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/twice' })
    class Twice {
      @SubscribeMessage('set')
      set(@MessageBody() member: Member) {
        return member;
      }
    }
    expect(await problemsOf(Twice)).toEqual([
      'Member.prices has @RecordOf() twice, of which only the upper one would hold.',
      'Member.role has @WsInputRoles() twice, of which only the lower one would hold.',
    ]);
  });
});

describe('a decorator where nobody reads it', () => {
  it('OD-04 stops the boot: @WsReply() of a method without an event, and of a class', async () => {
    @(WsReply(TextView) as ClassDecorator)
    @WsAuthorize()
    @WebSocketGateway({ path: '/nowhere' })
    class Nowhere {
      @WsReply(TextView)
      helper() {
        return { text: 'a', passwordHash: 'h' };
      }

      @SubscribeMessage('get')
      get() {
        return this.helper();
      }
    }
    expect(await problemsOf(Nowhere)).toEqual([
      'Nowhere.helper has @WsReply() and no @SubscribeMessage(): it handles no event, and they are ignored.',
      'Nowhere has @WsReply() on the class, where it is ignored.',
    ]);
  });

  it('OD-04 DR-06 stops the boot where a method overrides one that limits and declares its reply', async () => {
    class Base {
      @WsThrottle({ limit: 1, ttl: 60_000 })
      @WsReply(TextView)
      @SubscribeMessage('get')
      get() {
        return { text: 'a', passwordHash: 'h' };
      }
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/overrides' })
    class Overrides extends Base {
      @SubscribeMessage('get')
      override get() {
        return super.get();
      }
    }
    expect(await problemsOf(Overrides)).toEqual([
      'Overrides.get overrides a method that has @WsThrottle() and @WsReply(), of which nothing holds for it.',
    ]);
  });

  it('AZ-02 a method that overrides another adds to what that one asks for', async () => {
    class Base {
      @WsAuthorize({ roles: ['admin'] })
      @WsStepUp({ maxAgeMs: 60_000 })
      @SubscribeMessage('purge')
      purge() {
        return 'base';
      }
    }
    @WebSocketGateway({ path: '/overrides' })
    class Overrides extends Base {
      @WsAuthorize()
      @SubscribeMessage('purge')
      override purge() {
        return 'purged';
      }
    }
    const { url, token } = await startApp({ providers: [Overrides] });
    const reader = await connect(`${url}/overrides`, { token: token() });
    expectError(await reader.request('purge'), 'FORBIDDEN');
    const admin = await connect(`${url}/overrides`, { token: token({ roles: ['admin'] }) });
    expectError(await admin.request('purge'), 'STEP_UP_REQUIRED');
  });

  it('DR-05 stops the boot for @Throttle() that says itself whose messages count together', async () => {
    @WsAuthorize()
    @WebSocketGateway({ path: '/tracked' })
    class Tracked {
      @Throttle({ default: { limit: 1, ttl: 1000, getTracker: () => 'all of them' } })
      @SubscribeMessage('one')
      one() {}
    }
    expect(await problemsOf(Tracked)).toEqual([
      'Tracked.one has a @Throttle ("default") with getTracker or generateKey, which would be ignored.',
    ]);
  });
});

describe('a handler whose parameter is not what was validated', () => {
  it('MV-02 stops the boot where Nest gives it the socket, or nothing', async () => {
    @WsAuthorize()
    @WebSocketGateway({ path: '/forgotten' })
    class Forgotten {
      @SubscribeMessage('socket')
      socket(text: Text) {
        return text.text;
      }

      @SubscribeMessage('nothing')
      nothing(@WsConnection() connection: WsConnection, text: Text) {
        return [connection.id, text];
      }

      @SubscribeMessage('usual')
      usual(text: Text = new Text()) {
        return text.text;
      }

      @SubscribeMessage('data')
      data(_client: unknown, text: Text) {
        return text;
      }
    }
    expect(await problemsOf(Forgotten)).toEqual([
      'Forgotten.socket takes a Text without @MessageBody(): Nest gives it the socket, and nothing validates the payload.',
      'Forgotten.nothing takes a Text without @MessageBody(): Nest gives it undefined, and nothing validates the payload.',
      'Forgotten.usual takes a Text without @MessageBody(): Nest gives it the socket, and nothing validates the payload.',
    ]);
  });

  it('MV-02 stops the boot where @WsPayload() declares something else', async () => {
    class More extends Text {
      @IsString()
      more!: string;
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/contradicts' })
    class Contradicts {
      @WsPayload(Text)
      @SubscribeMessage('class')
      ofClass(@MessageBody() other: Other) {
        return other;
      }

      @WsPayload([Text])
      @SubscribeMessage('list')
      ofList(@MessageBody() text: Text) {
        return text;
      }

      @WsPayload(More)
      @SubscribeMessage('subclass')
      ofSubclass(@MessageBody() text: Text) {
        return text;
      }
    }
    expect(await problemsOf(Contradicts)).toEqual([
      'Contradicts.ofClass takes an Other, and @WsPayload() declares something else: the parameter would not be what it says.',
      'Contradicts.ofList takes a Text, and @WsPayload() declares something else: the parameter would not be what it says.',
    ]);
  });

  it('MV-19 sends whoever asks for bytes in a payload to @WsBinary()', async () => {
    @WsAuthorize()
    @WebSocketGateway({ path: '/bytes' })
    class Bytes {
      @SubscribeMessage('upload')
      upload(@MessageBody() bytes: Buffer) {
        return bytes.length;
      }
    }
    expect((await bootProblems({ providers: [Bytes] })).map(({ fix }) => fix)).toEqual([
      'add @WsBinary({ maxBytes: 65_536 }) above @SubscribeMessage, and @WsBytes() in the place of @MessageBody()',
    ]);
  });
});

describe('a property of which nothing says what it is', () => {
  it('MV-14 stops the boot: { "$gt": "" } would reach the handler', async () => {
    class Query {
      @IsNotEmpty()
      name!: string | null;

      @IsOptional()
      id?: string | number;

      @IsObject()
      filter!: Record<string, unknown>;

      @IsString()
      text!: string | null;
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/query' })
    class Queries {
      @SubscribeMessage('find')
      find(@MessageBody() query: Query) {
        return query;
      }
    }
    const what =
      'takes anything, {"$gt": ""} too: no rule says what it is, and TypeScript emits nothing for a union such as string | null.';
    expect(await problemsOf(Queries)).toEqual([`Query.name ${what}`, `Query.id ${what}`]);
  });

  it('MV-04 stops the boot for a record that is none, and for bounds that are none', async () => {
    class Quote {
      @RecordOf(() => Price)
      prices!: Map<string, Price>;

      @RecordOf(() => Price, { maxKey: 3 } as never)
      others!: Record<string, Price>;
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/quote' })
    class Quotes {
      @SubscribeMessage('set')
      set(@MessageBody() quote: Quote) {
        return quote;
      }
    }
    expect(await problemsOf(Quotes)).toEqual([
      'Quote.prices is a @RecordOf() and declared as a Map: the handler gets a plain object.',
      'Quote.others has maxKey in @RecordOf(), which is no option of it.',
    ]);
  });
});

describe('a policy of which nothing says what it injects', () => {
  class Bans {
    has(): boolean {
      return true;
    }
  }

  /** Without a decorator: Nest would construct it without its list, and it would let everybody pass. */
  class NotBanned implements WsPolicy {
    constructor(private readonly bans: Bans) {}

    authorize(): boolean {
      return (this.bans as Bans | undefined)?.has() !== true;
    }
  }

  @WebSocketGateway({ path: '/act' })
  class Acts {
    @WsAuthorize(NotBanned)
    @SubscribeMessage('act')
    act() {
      return 'done';
    }
  }

  const PROBLEM =
    'Acts.act names NotBanned, whose constructor takes what nothing can inject: no decorator has TypeScript emit the types of it.';

  it('AZ-03 F03 stops the boot, whether it is provided or not', async () => {
    expect(await problemsOf(Acts, Bans)).toEqual([PROBLEM]);
    expect(await problemsOf(Acts, Bans, NotBanned)).toEqual([PROBLEM]);
  });

  it('AZ-03 F03 stops the boot where a class above it has the constructor', async () => {
    abstract class Listed implements WsPolicy {
      constructor(protected readonly bans?: Bans) {}

      abstract authorize(): boolean;
    }
    class Inherits extends Listed {
      override authorize(): boolean {
        return this.bans?.has() !== true;
      }
    }
    class HandsOn extends Inherits {
      readonly since: number;

      constructor(...all: ConstructorParameters<typeof Inherits>) {
        super(...all);
        this.since = Date.now();
      }
    }
    class Brings extends Listed {
      constructor() {
        super(new Bans());
      }

      override authorize(): boolean {
        return this.bans?.has() !== true;
      }
    }
    @WsAuthorize(Brings)
    @WebSocketGateway({ path: '/inherits' })
    class Inheriting {
      @WsAuthorize(Inherits)
      @SubscribeMessage('act')
      act() {
        return 'done';
      }
    }
    @WsAuthorize(HandsOn)
    @WebSocketGateway({ path: '/hands-on' })
    class HandingOn {
      @SubscribeMessage('act')
      act() {
        return 'done';
      }
    }
    const problems = [
      PROBLEM.replace('Acts', 'Inheriting').replace('NotBanned', 'Inherits'),
      PROBLEM.replace('Acts', 'HandingOn').replace('NotBanned', 'HandsOn'),
    ];
    expect(await problemsOf(Inheriting, HandingOn, Bans)).toEqual(problems);
    expect(await problemsOf(Inheriting, HandingOn, Bans, Inherits, HandsOn, Brings)).toEqual(problems);
  });

  it('AZ-03 F03 is asked where a factory makes it', async () => {
    const factory = { provide: NotBanned, useFactory: (bans: Bans) => new NotBanned(bans), inject: [Bans] };
    const { url, token } = await startApp({ providers: [Acts, Bans, factory] });
    const client = await connect(`${url}/act`, { token: token() });
    expectError(await client.request('act'), 'FORBIDDEN');
  });
});
