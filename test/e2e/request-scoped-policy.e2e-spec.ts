import { Inject, Injectable, type PipeTransform, Scope, UseGuards } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { anyOf, WsAuthorize, WsPayload, type WsPolicy, type WsPolicyContext } from '@secure-ws/nestjs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { expectError } from '../support/error-frame.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** What one message needs in the database, such as a transaction: one for all policies of the message. */
@Injectable({ scope: Scope.REQUEST })
class UnitOfWork {
  static readonly made: WeakRef<UnitOfWork>[] = [];
  /** The rights as they were when it was made. */
  readonly roles: readonly string[];

  constructor(@Inject(REQUEST) { principal }: WsPolicyContext) {
    UnitOfWork.made.push(new WeakRef(this));
    this.roles = principal.roles;
  }
}

@Injectable()
class First implements WsPolicy {
  static readonly units: UnitOfWork[] = [];

  constructor(private readonly unit: UnitOfWork) {}

  authorize(): boolean {
    First.units.push(this.unit);
    return true;
  }
}

@Injectable()
class Second implements WsPolicy {
  static wait: Deferred<void> | undefined;
  static asked = 0;

  constructor(private readonly unit: UnitOfWork) {}

  async authorize(): Promise<boolean> {
    Second.asked++;
    await Second.wait?.promise;
    First.units.push(this.unit);
    return this.unit.roles.includes('editor');
  }
}

@Injectable({ scope: Scope.REQUEST })
class Unmakeable implements WsPolicy {
  constructor() {
    throw new Error('no database');
  }

  authorize(): boolean {
    return true;
  }
}

@WebSocketGateway({ path: '/scoped' })
class ScopedGateway {
  handled = 0;

  @WsAuthorize(First, Second)
  @SubscribeMessage('act')
  act(): unknown {
    this.handled++;
    return {};
  }

  @WsAuthorize(Unmakeable)
  @SubscribeMessage('broken')
  broken(): unknown {
    this.handled++;
    return {};
  }

  @WsAuthorize(anyOf(Unmakeable, Second))
  @SubscribeMessage('either')
  either(): unknown {
    this.handled++;
    return {};
  }
}

const start = async () => {
  UnitOfWork.made.length = 0;
  First.units.length = 0;
  Second.wait = undefined;
  Second.asked = 0;
  const app = await startApp({
    providers: [ScopedGateway, UnitOfWork, First, Second, Unmakeable],
    options: { messages: { maxConcurrentHandlers: 2 } },
  });
  const open = (roles: readonly string[] = ['editor']) =>
    connect(`${app.url}/scoped`, { token: app.token({ roles }), protocols: ['secure-ws.v1'] });
  return { app, open, gateway: app.app.get(ScopedGateway) };
};

describe('a request-scoped policy', () => {
  it('AZ-02 is made anew for each message, and shares what lives for the message with the other policies', async () => {
    const { open, gateway } = await start();
    const client = await open();
    await client.request('act');
    await client.request('act');
    const [first, second, third, fourth] = First.units;
    expect(first).toBe(second);
    expect(third).toBe(fourth);
    expect(third).not.toBe(first);
    expect(UnitOfWork.made).toHaveLength(2);
    expect(gateway.handled).toBe(2);
  });

  it('AZ-15 SL-11 is made anew where a message is judged again: nothing of the old rights is kept', async () => {
    const { app, open, gateway } = await start();
    const client = await open();
    Second.wait = deferred();
    client.send('act', undefined, 'a');
    await until(() => Second.asked === 1, 'the policy is asked');
    client.send('$auth', { token: app.token({ roles: ['reader'], expiresInSeconds: 900 }) }, 'r');
    expect(await client.next()).toMatchObject({ event: '$auth' });
    Second.wait.resolve();
    expectError(await client.next(), 'FORBIDDEN');
    expect(UnitOfWork.made).toHaveLength(2);
    expect(gateway.handled).toBe(0);
  });

  it('AZ-09 refuses where it cannot be made, and is a no among alternatives', async () => {
    const crashes = watchForCrashes();
    const { app, open, gateway } = await start();
    const client = await open();
    expectError(await client.request('broken'), 'FORBIDDEN');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-failed' }]);
    expect(await client.request('either')).toMatchObject({ event: 'either' });
    expect(app.events.ofType('ws.policy.failed')).toMatchObject([{ policy: 'Unmakeable' }]);
    expect(gateway.handled).toBe(1);
    expect(crashes).toEqual([]);
  });

  it('DR-24 leaves nothing behind: what was made for a message goes with it', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { open } = await start();
    const client = await open();
    for (let i = 0; i < 20; i++) await client.request('act');
    First.units.length = 0;
    const alive = (): number => {
      collect();
      return UnitOfWork.made.filter((reference) => reference.deref() !== undefined).length;
    };
    // The last one may still hang on a promise of its message.
    await until(() => alive() <= 1, 'what belonged to the messages is gone');
    expect(UnitOfWork.made).toHaveLength(20);
  });
});

describe('a request-scoped gateway', () => {
  it('AZ-03 stops the boot, whatever makes it so', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequestGuard {
      canActivate(): boolean {
        return true;
      }
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/a' })
    class InjectingGateway {
      constructor(readonly unit: UnitOfWork) {}
    }
    @UseGuards(PerRequestGuard)
    @WsAuthorize()
    @WebSocketGateway({ path: '/b' })
    class GuardedGateway {
      @SubscribeMessage('act')
      act(): void {}
    }
    const problems = await bootProblems({ providers: [InjectingGateway, GuardedGateway, UnitOfWork] });
    expect(problems.map(({ where }) => where)).toEqual(['InjectingGateway', 'GuardedGateway']);
    for (const { problem, fix } of problems) {
      expect(problem).toContain('is request-scoped');
      expect(fix).toContain('policies may be request-scoped');
    }
  });
});

describe('a transient guard, interceptor, filter or pipe of a gateway', () => {
  it('AZ-03 stops the boot, wherever it stands: Nest runs a placeholder of it that nobody has constructed', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Banned {
      readonly users = new Set(['bob']);
      // As a placeholder it has no users, and lets everybody pass.
      canActivate(): boolean {
        return (this.users as Set<string> | undefined)?.has('bob') !== true;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Same implements PipeTransform {
      transform(value: unknown): unknown {
        return value;
      }
    }
    @UseGuards(Banned)
    @WsAuthorize()
    @WebSocketGateway({ path: '/a' })
    class GuardedGateway {
      @SubscribeMessage('act')
      act(): void {}
    }
    @WsAuthorize()
    @WebSocketGateway({ path: '/b' })
    class PipedGateway {
      @WsPayload(String)
      @SubscribeMessage('act')
      act(@MessageBody(Same) text: string): string {
        return text;
      }
    }
    const problems = await bootProblems({ providers: [GuardedGateway, PipedGateway] });
    expect(problems.map(({ where, problem }) => [where, problem.split(',')[0]])).toEqual([
      ['GuardedGateway', 'has Banned on it or on a handler'],
      ['PipedGateway', 'has Same on it or on a handler'],
    ]);
    for (const { fix } of problems) expect(fix).toContain('remove the scope of');
  });
});
