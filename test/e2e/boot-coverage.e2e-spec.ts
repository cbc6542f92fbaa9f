import { Injectable, Scope, UseFilters } from '@nestjs/common';
import { BaseWsExceptionFilter, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  allOf,
  anyOf,
  deny,
  SecureWsBootError,
  SecureGateway,
  WsAuthorize,
  WsPayload,
  type WsPolicy,
  WsPublic,
  WsResource,
  WsRowFilter,
} from '@secure-ws/nestjs';
import { Type } from 'class-transformer';
import { IsArray, IsInt } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { Text } from '../support/echo.gateway.js';
import { bootFailure, startApp } from '../support/start-app.js';

interface AnInterface {
  readonly text: string;
}

class WithoutRules {
  text!: string;
}

@Injectable()
class Owner implements WsPolicy {
  authorize() {
    return deny();
  }
}

@Injectable()
class OtherOwner extends Owner {}

@WebSocketGateway({ path: '/types' })
@WsAuthorize()
class UntypedGateway {
  @SubscribeMessage('any')
  // The very thing that the boot must refuse.
  // oxlint-disable-next-line typescript/no-explicit-any
  any(@MessageBody() data: any): unknown {
    return data;
  }

  @SubscribeMessage('unknown')
  unknown(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('interface')
  interface(@MessageBody() data: AnInterface): unknown {
    return data;
  }

  @SubscribeMessage('union')
  union(@MessageBody() data: Text | Owner): unknown {
    return data;
  }

  @SubscribeMessage('array')
  array(@MessageBody() data: Text[]): unknown {
    return data;
  }

  @SubscribeMessage('string')
  string(@MessageBody() data: string): unknown {
    return data;
  }

  @SubscribeMessage('object')
  object(@MessageBody() data: object): unknown {
    return data;
  }

  @SubscribeMessage('record')
  record(@MessageBody() data: Record<string, string>): unknown {
    return data;
  }

  @SubscribeMessage('rules')
  rules(@MessageBody() data: WithoutRules): unknown {
    return data;
  }

  @SubscribeMessage('property')
  property(@MessageBody('text') text: Text): unknown {
    return text;
  }

  @SubscribeMessage('bare')
  bare(_client: unknown, data: unknown): unknown {
    return data;
  }
}

class Line {
  @IsInt()
  quantity!: number;
}

describe('a payload without a type', () => {
  it('MV-02 stops the boot, whatever hides the type', async () => {
    const problems = await bootProblems({ providers: [UntypedGateway] });
    const methods = [
      'any',
      'unknown',
      'interface',
      'union',
      'array',
      'string',
      'object',
      'record',
      'rules',
      'property',
      'bare',
    ];
    expect(problems.map(({ where }) => where).sort()).toEqual(methods.map((name) => `UntypedGateway.${name}`).sort());
    // A class without rules is told apart: there the rules are missing, not the type.
    const untyped = problems.filter(({ problem }) => problem.includes('nothing can validate it'));
    expect(untyped).toHaveLength(methods.length - 2);
    for (const { fix } of untyped) expect(fix).toContain('@WsPayload(theSchema) above @SubscribeMessage');
  });

  it('MV-02 is told from one that the transpiler kept to itself', async () => {
    @WebSocketGateway({ path: '/types' })
    @WsAuthorize()
    class WithoutMetadata {
      @SubscribeMessage('x')
      x(@MessageBody() data: Text): unknown {
        return data;
      }

      @SubscribeMessage('y')
      y(@MessageBody() data: unknown): unknown {
        return data;
      }
    }
    Reflect.deleteMetadata('design:paramtypes', WithoutMetadata.prototype, 'x');
    const [silent, untyped] = await bootProblems({ providers: [WithoutMetadata] });
    expect(silent).toMatchObject({ where: 'WithoutMetadata.x' });
    expect(silent?.fix).toContain('emitDecoratorMetadata');
    expect(untyped).toMatchObject({ where: 'WithoutMetadata.y' });
    expect(untyped?.problem).not.toBe(silent?.problem);
  });

  it('MV-02 stops the boot where what is declared cannot be validated', async () => {
    class Bare {
      text!: string;
    }
    @WebSocketGateway({ path: '/declared' })
    @WsAuthorize()
    class MisdeclaredGateway {
      @WsPayload(Bare)
      @SubscribeMessage('class')
      class(@MessageBody() data: Text): unknown {
        return data;
      }

      @WsPayload([Text, Line])
      @SubscribeMessage('list')
      list(@MessageBody() data: Text[]): unknown {
        return data;
      }

      // As a circular import leaves it.
      @WsPayload(undefined)
      @SubscribeMessage('undefined')
      undefined(@MessageBody() data: Text): unknown {
        return data;
      }

      @SubscribeMessage('schema')
      schema(@MessageBody({ schema: {} as never }) data: Text): unknown {
        return data;
      }

      @SubscribeMessage('two')
      two(@MessageBody() one: Text, @MessageBody() other: Line): unknown {
        return [one, other];
      }
    }
    const problems = await bootProblems({ providers: [MisdeclaredGateway] });
    expect(problems.map(({ where, problem }) => [where, problem])).toEqual([
      ...['class', 'list', 'undefined', 'schema'].map((name) => [
        `MisdeclaredGateway.${name}`,
        'declares a payload that cannot be validated.',
      ]),
      ['MisdeclaredGateway.two', 'has two @MessageBody() of different types.'],
    ]);
  });

  it('MV-02 may be declared where its type cannot say it', async () => {
    @WebSocketGateway({ path: '/types' })
    @WsAuthorize()
    class DeclaredGateway {
      @WsPayload([Text])
      @SubscribeMessage('list')
      list(@MessageBody() data: Text[]): unknown {
        return data;
      }

      @WsPayload(String)
      @SubscribeMessage('string')
      string(@MessageBody() data: string): unknown {
        return data;
      }

      @SubscribeMessage('none')
      none(): void {}
    }
    await expect(startApp({ providers: [DeclaredGateway] })).resolves.toBeDefined();
  });
});

class Order {
  @IsArray()
  @Type(() => Line)
  lines!: Line[];

  @IsArray()
  tags!: string[];
}

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(@MessageBody() order: Order): Order {
    return order;
  }
}

describe('a payload whose content nothing looks at', () => {
  it('MV-01 MV-14 does not boot, and the error says what to write', async () => {
    expect(await bootProblems({ providers: [OrderGateway] })).toMatchObject([
      { where: 'Order.lines', fix: 'add @ValidateNested({ each: true }) and @Type(() => Line) above it' },
      { where: 'Order.tags', fix: expect.stringContaining('@IsString({ each: true })') as string },
    ]);
  });
});

describe('a handler without a decision', () => {
  it('AZ-01 AZ-03 stops the boot on every gateway, and one error names them all', async () => {
    class Inherited {
      @SubscribeMessage('inherited')
      inherited(): void {}
    }
    @WebSocketGateway({ path: '/one' })
    class OneGateway extends Inherited {
      @SubscribeMessage('own')
      own(): void {}

      @WsAuthorize()
      @SubscribeMessage('decided')
      decided(): void {}
    }
    @WebSocketGateway({ path: '/two' })
    class TwoGateway {
      @SubscribeMessage('second')
      second(@MessageBody() data: unknown): unknown {
        return data;
      }
    }
    const error = await bootFailure({
      providers: [OneGateway, TwoGateway],
      options: { handshake: { origins: ['*'] }, lifecycle: { idleTimeoutMs: -1 } },
    });
    expect(error).toBeInstanceOf(SecureWsBootError);
    const { message, problems } = error as SecureWsBootError;
    const places = problems.map(({ where }) => where);
    expect(places.sort()).toEqual(
      [
        'OneGateway.inherited',
        'OneGateway.own',
        'TwoGateway.second',
        'TwoGateway.second',
        'handshake.origins[0]',
        'lifecycle.idleTimeoutMs',
      ].sort(),
    );
    for (const { where, problem, fix } of problems) {
      expect(message).toContain(where);
      expect(message).toContain(problem);
      expect(message).toContain(fix);
    }
  });

  it('AZ-01 is one whose method takes the place of a protected one', async () => {
    class Parent {
      @WsAuthorize({ roles: ['admin'] })
      @SubscribeMessage('act')
      act(): void {}
    }
    @WebSocketGateway({ path: '/child' })
    class ChildGateway extends Parent {
      @SubscribeMessage('act')
      override act(): void {}
    }
    expect(await bootProblems({ providers: [ChildGateway] })).toMatchObject([{ where: 'ChildGateway.act' }]);
  });
});

describe('what a policy has granted', () => {
  @Injectable()
  class Rows extends Owner {}

  it('AZ-04 stops the boot where it is not clear which object the handler gets', async () => {
    @WsAuthorize(Owner)
    @WebSocketGateway({ path: '/x' })
    class TwiceGateway {
      @WsAuthorize(Owner)
      @SubscribeMessage('twice')
      twice(@WsResource() _: unknown): void {}

      @WsAuthorize(anyOf(OtherOwner, allOf({ roles: ['a'] }, Owner)))
      @SubscribeMessage('named')
      named(@WsResource(Owner) _: unknown, @WsResource(OtherOwner) __: unknown): void {}
    }
    @WebSocketGateway({ path: '/y' })
    class AlternativesGateway {
      @WsAuthorize(anyOf(Owner, OtherOwner))
      @SubscribeMessage('bare')
      bare(@WsResource() _: unknown): void {}

      @WsAuthorize(anyOf(Owner, allOf(OtherOwner, Rows)))
      @SubscribeMessage('rows')
      rows(@WsRowFilter() _: unknown): void {}

      @WsAuthorize(anyOf({ roles: ['a'] }, allOf(OtherOwner)))
      @SubscribeMessage('none')
      none(@WsResource(Owner) _: unknown): void {}

      @WsAuthorize(anyOf(Owner, allOf(OtherOwner, { roles: [] })))
      @SubscribeMessage('empty')
      empty(): void {}
    }
    const problems = await bootProblems({ providers: [TwiceGateway, AlternativesGateway] });
    expect(problems.map(({ where, problem }) => [where, problem])).toEqual([
      ['TwiceGateway.twice', expect.stringContaining('asks Owner more than once')],
      ['TwiceGateway.named', expect.stringContaining('asks Owner more than once')],
      ['AlternativesGateway.bare', expect.stringContaining('does not say whose resource')],
      ['AlternativesGateway.rows', expect.stringContaining('does not say whose row filter')],
      ['AlternativesGateway.none', expect.stringContaining('no policy of its @WsAuthorize can fill')],
      ['AlternativesGateway.empty', expect.stringContaining('roles must be a list')],
    ]);
    expect(problems[4]?.fix).toBe('@WsAuthorize(Owner), a policy whose authorize() answers grant(theResource)');
  });

  it('AZ-04 boots where each alternative has its own', async () => {
    @WebSocketGateway({ path: '/x' })
    class ClearGateway {
      @WsAuthorize(anyOf(Owner, allOf(Owner, { roles: ['a'] })))
      @SubscribeMessage('one')
      one(@WsResource() _: unknown): void {}

      @WsAuthorize(anyOf(Owner, allOf(OtherOwner, { roles: ['a'] })))
      @SubscribeMessage('either')
      either(@WsRowFilter() _: unknown, @WsResource(OtherOwner) __: unknown): void {}
    }
    await expect(startApp({ providers: [ClearGateway, Owner, OtherOwner] })).resolves.toBeDefined();
  });
});

describe('a decision that cannot be followed', () => {
  @WebSocketGateway({ path: '/x' })
  class PublicGateway {
    @WsPublic()
    @SubscribeMessage('public')
    public(): void {}
  }
  /** Where anybody may connect, nothing but the contradiction itself is wrong with it. */
  @WebSocketGateway({ path: '/x' })
  @SecureGateway({ anonymous: true })
  @WsAuthorize()
  class BothGateway {
    @WsPublic()
    @SubscribeMessage('both')
    both(): void {}
  }
  @WebSocketGateway({ path: '/x' })
  class EmptyRolesGateway {
    @WsAuthorize({ roles: [] })
    @SubscribeMessage('roles')
    roles(): void {}
  }
  @WebSocketGateway({ path: '/x' })
  class NoPolicyGateway {
    @WsAuthorize(Text as never)
    @SubscribeMessage('policy')
    policy(): void {}
  }
  @WebSocketGateway({ path: '/x' })
  class UnfilledResourceGateway {
    @WsAuthorize()
    @SubscribeMessage('resource')
    resource(@WsResource() _: unknown): void {}
  }
  @WebSocketGateway({ path: '/x' })
  class UnclearResourceGateway {
    @WsAuthorize(Owner, OtherOwner)
    @SubscribeMessage('resource')
    resource(@WsResource() _: unknown): void {}
  }
  @WebSocketGateway({ path: '/x' })
  @WsAuthorize()
  class ReservedGateway {
    @SubscribeMessage('$auth')
    reserved(): void {}
  }
  @WebSocketGateway({ path: '/x' })
  @WsAuthorize()
  class ErrorGateway {
    @SubscribeMessage('error')
    error(): void {}
  }
  @WebSocketGateway({ path: '/x' })
  @WsAuthorize()
  class UnsendableGateway {
    @SubscribeMessage('with blank')
    blank(): void {}
  }
  @WebSocketGateway({ path: '/x', namespace: 'chat' })
  @WsAuthorize()
  class NamespaceGateway {
    @SubscribeMessage('x')
    x(): void {}
  }
  @WebSocketGateway({ path: '/x' })
  @WsAuthorize()
  @UseFilters(new BaseWsExceptionFilter())
  class LeakyFilterGateway {
    @SubscribeMessage('x')
    x(): void {}
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {}
  @WebSocketGateway({ path: '/x' })
  @WsAuthorize()
  class ScopedGateway {
    constructor(readonly scoped: PerRequest) {}

    @SubscribeMessage('x')
    x(): void {}
  }

  it.each([
    { gateway: PublicGateway, where: 'PublicGateway.public' },
    { gateway: BothGateway, where: 'BothGateway.both' },
    { gateway: EmptyRolesGateway, where: 'EmptyRolesGateway.roles' },
    { gateway: NoPolicyGateway, where: 'NoPolicyGateway.policy' },
    { gateway: UnfilledResourceGateway, where: 'UnfilledResourceGateway.resource' },
    { gateway: UnclearResourceGateway, where: 'UnclearResourceGateway.resource' },
    { gateway: ReservedGateway, where: 'ReservedGateway.reserved' },
    { gateway: ErrorGateway, where: 'ErrorGateway.error' },
    { gateway: UnsendableGateway, where: 'UnsendableGateway.blank' },
    { gateway: NamespaceGateway, where: 'NamespaceGateway' },
    { gateway: LeakyFilterGateway, where: 'LeakyFilterGateway' },
    { gateway: ScopedGateway, where: 'ScopedGateway' },
  ])('AZ-01 AZ-03 stops the boot: $where', async ({ gateway, where }) => {
    const problems = await bootProblems({ providers: [gateway, Owner, OtherOwner, PerRequest] });
    expect(problems.map((problem) => problem.where)).toEqual([where]);
  });

  it('AZ-03 is one event on one path twice', async () => {
    @WebSocketGateway({ path: '/same' })
    @WsAuthorize()
    class FirstGateway {
      @SubscribeMessage('x')
      x(): void {}
    }
    @WebSocketGateway({ path: 'same/' })
    @WsAuthorize()
    class SecondGateway {
      @SubscribeMessage('x')
      x(): void {}
    }
    expect(await bootProblems({ providers: [FirstGateway, SecondGateway] })).toMatchObject([
      { where: 'SecondGateway.x' },
    ]);
  });

  it('AZ-03 is another adapter, set in main.ts', async () => {
    const { WsAdapter } = await import('@nestjs/platform-ws');
    class OtherAdapter extends WsAdapter {}
    const problems = await bootProblems({
      providers: [PublicGateway],
      configure: (app) => {
        app.useWebSocketAdapter(new OtherAdapter(app));
      },
    });
    expect(problems.map(({ where }) => where)).toContain('app.useWebSocketAdapter()');
  });
});
