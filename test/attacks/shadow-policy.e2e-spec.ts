import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  anyOf,
  grant,
  WsAuthorize,
  type WsPolicy,
  type WsPolicyContext,
  type WsPolicyDecision,
  WsInputRoles,
  WsResource,
  wsRules,
} from '@secure-ws/nestjs';
import { IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { NoteId } from '../support/notes.gateway.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';
import type { TestClaims } from '../support/test-token.js';

const MARKER = 'db-password-1234';

class Mark {
  @WsInputRoles('editor') @IsOptional() @IsString() colour?: string;
}

/** What holds: `old...` notes pass. */
@Injectable()
class Old implements WsPolicy<NoteId> {
  authorize({ data }: WsPolicyContext<NoteId>): boolean {
    if (data.noteId.startsWith('throw')) throw new Error(MARKER);
    return data.noteId.startsWith('old');
  }
}

/** What is tried. It keeps what it has seen, and answers whatever the test wants. */
@Injectable()
class New implements WsPolicy<NoteId> {
  readonly seen: unknown[] = [];
  give: (context: WsPolicyContext<NoteId>) => unknown = ({ data }) => data.noteId.endsWith('new');

  authorize(context: WsPolicyContext<NoteId>): WsPolicyDecision {
    this.seen.push(context.data);
    return this.give(context) as WsPolicyDecision;
  }
}

@WebSocketGateway({ path: '/notes' })
class ShadowedGateway {
  readonly handled: unknown[] = [];

  @WsAuthorize(Old, { shadow: New })
  @SubscribeMessage('note.read')
  read(@MessageBody() note: NoteId): unknown {
    this.handled.push(note);
    const { noteId } = note;
    note.noteId = 'changed by the handler';
    return { noteId };
  }

  @WsAuthorize({ roles: ['admin'] }, { shadow: { roles: ['admin', 'editor'] } })
  @SubscribeMessage('note.purge')
  purge(): unknown {
    this.handled.push('purged');
    return {};
  }

  // In one object: the role holds all the same.
  @WsAuthorize({ roles: ['admin'], shadow: { roles: ['root'] } })
  @SubscribeMessage('note.burn')
  burn(): unknown {
    this.handled.push('burned');
    return {};
  }

  @WsAuthorize({ roles: ['admin'] }, { shadow: anyOf({ roles: ['admin'] }, New) })
  @SubscribeMessage('note.move')
  move(@MessageBody() note: NoteId): unknown {
    this.handled.push(note);
    return {};
  }

  @WsAuthorize({ roles: ['admin'] }, { shadow: { roles: ['editor'] } })
  @SubscribeMessage('note.mark')
  mark(@MessageBody() mark: Mark): unknown {
    this.handled.push(mark);
    return {};
  }

  @WsAuthorize(Old, { shadow: New })
  @WsAuthorize({ scopes: ['notes'] })
  @SubscribeMessage('note.open')
  open(@MessageBody() _: NoteId, @WsResource(Old) resource: unknown): unknown {
    this.handled.push(resource);
    return {};
  }
}

const start = async (clock?: FakeClock, options: AppShape['options'] = {}) => {
  const app = await startApp({
    providers: [ShadowedGateway, Old, New],
    options,
    ...(clock === undefined ? {} : { clock }),
  });
  const open = (claims: TestClaims = {}) => connect(`${app.url}/notes`, { token: app.token(claims) });
  const differences = () =>
    app.events.ofType('ws.policy.differed').map(({ event, policy, outcome }) => [event, policy, outcome]);
  const told = (count: number) => until(() => differences().length >= count, `${count} differences are told`);
  return {
    app,
    open,
    client: await open(),
    tried: app.app.get(New),
    gateway: app.app.get(ShadowedGateway),
    differences,
    told,
  };
};

/** Lets everything run that was put off. */
const turn = () => new Promise(setImmediate);

describe('a rule that is only tried', () => {
  it('AZ-02 is tried together with the rule table, which would go on to hold', async () => {
    const rules = wsRules().event('note.purge').scopes('notes').anyEvent().authenticated();
    const { open, differences, told } = await start(undefined, { authorization: { rules } });
    const [stranger, member] = [await open({ roles: ['editor'] }), await open({ roles: ['editor'], scope: 'notes' })];
    for (const client of [stranger, member]) expectError(await client.request('note.purge', {}), 'FORBIDDEN');
    await told(1);
    await turn();
    expect(differences()).toEqual([['note.purge', 'scope notes, role admin or editor', 'would-allow']]);
  });

  it('AZ-02 is not obeyed, and every difference is told with nothing of the payload', async () => {
    const { app, client, gateway, differences, told } = await start();
    expect(await client.request('note.read', { noteId: 'old-and-new' })).toMatchObject({ event: 'note.read' });
    expect(await client.request('note.read', { noteId: 'old-only' })).toMatchObject({ event: 'note.read' });
    expectError(await client.request('note.read', { noteId: 'only-new' }), 'FORBIDDEN');
    expectError(await client.request('note.read', { noteId: 'neither' }), 'FORBIDDEN');
    expectError(await client.request('note.read', { noteId: 'throw-new' }), 'FORBIDDEN');
    await told(3);
    expect(differences()).toEqual([
      ['note.read', 'New', 'would-refuse'],
      ['note.read', 'New', 'would-allow'],
      ['note.read', 'New', 'would-allow'],
    ]);
    expect(gateway.handled).toHaveLength(2);
    const text = JSON.stringify(app.events.ofType('ws.policy.differed'));
    for (const secret of ['old-only', 'only-new', MARKER, 'noteId']) expect(text).not.toContain(secret);
  });

  it('AZ-11 sees the payload as it was, and changes nothing of what the handler gets', async () => {
    const { client, gateway, tried } = await start();
    tried.give = ({ data }) => {
      data.noteId = 'changed by the rule';
      return true;
    };
    expect(await client.request('note.read', { noteId: 'old' })).toMatchObject({ data: { noteId: 'old' } });
    await until(() => tried.seen.length === 1, 'the rule is tried');
    expect(tried.seen[0]).toBeInstanceOf(NoteId);
    expect(tried.seen[0]).toEqual({ noteId: 'changed by the rule' });
    expect(gateway.handled).toEqual([{ noteId: 'changed by the handler' }]);
  });

  it('AZ-04 grants nothing', async () => {
    const { open, gateway, tried } = await start();
    tried.give = () => grant('of the rule');
    const client = await open({ scope: 'notes' });
    expect(await client.request('note.open', { noteId: 'old' })).toMatchObject({ event: 'note.open' });
    expectError(await client.request('note.open', { noteId: 'x' }), 'FORBIDDEN');
    expect(gateway.handled).toEqual([undefined]);
  });

  it.each<readonly [what: string, give: () => unknown]>([
    [
      'throws',
      () => {
        throw new Error(MARKER);
      },
    ],
    ['rejects', () => Promise.reject(new Error(MARKER))],
    [
      'answers a thenable that throws',
      () => ({
        then: () => {
          throw new Error(MARKER);
        },
      }),
    ],
  ])('AZ-09 fails no message where it %s, and that is told', async (_, give) => {
    const crashes = watchForCrashes();
    const { app, client, tried, differences, told } = await start();
    tried.give = give;
    expect(await client.request('note.read', { noteId: 'old' })).toMatchObject({ event: 'note.read' });
    await told(1);
    expect(differences()).toEqual([['note.read', 'New', 'failed']]);
    const { correlationId } = await app.events.seen('ws.policy.differed');
    expect(app.log.lines.some((line) => line.includes(correlationId) && line.includes(MARKER))).toBe(true);
    expect(JSON.stringify(app.events.events)).not.toContain(MARKER);
    expect(crashes).toEqual([]);
  });

  it('DR-24 delays no message where it never answers; a bounded number is tried at once', async () => {
    const clock = new FakeClock(Date.now());
    const { client, tried, differences, told } = await start(clock, {
      throttling: { connection: [{ limit: 1000, ttl: 1000 }] },
    });
    tried.give = () => new Promise(() => undefined);
    for (let i = 0; i < 20; i++) {
      expect(await client.request('note.read', { noteId: 'old' })).toMatchObject({ event: 'note.read' });
    }
    await told(4);
    expect(tried.seen).toHaveLength(16);
    expect(differences().map(([, , outcome]) => outcome)).toEqual(Array.from({ length: 4 }, () => 'skipped'));
    clock.advance(6000);
    await told(20);
    expect(differences().filter(([, , outcome]) => outcome === 'timeout')).toHaveLength(16);
    // What hangs is still there, so that nothing more is tried: the messages go on.
    expect(await client.request('note.read', { noteId: 'old' })).toMatchObject({ event: 'note.read' });
    await turn();
    expect(tried.seen).toHaveLength(16);
  });

  it('DR-24 is tried while another rule never answers, and again once that one has answered', async () => {
    const clock = new FakeClock(Date.now());
    const { client, open, tried, differences, told } = await start(clock, {
      throttling: { connection: [{ limit: 1000, ttl: 1000 }] },
    });
    const answers: (() => void)[] = [];
    tried.give = () => new Promise((resolve) => answers.push(() => resolve(false)));
    for (let i = 0; i < 16; i++) await client.request('note.read', { noteId: 'old' });
    await until(() => answers.length === 16, 'the rule hangs');
    clock.advance(6000);
    await told(16);
    const editor = await open({ roles: ['editor'] });
    expectError(await editor.request('note.purge'), 'FORBIDDEN');
    await told(17);
    expect(differences().at(-1)).toEqual(['note.purge', 'role admin or editor', 'would-allow']);
    answers[0]?.();
    await turn();
    await client.request('note.read', { noteId: 'old' });
    await until(() => tried.seen.length === 17, 'the rule is tried again');
  });

  it('AZ-10 is compared by roles and scopes too, where no policy is asked', async () => {
    const { open, gateway, differences, told } = await start();
    const [editor, admin, guest] = [await open({ roles: ['editor'] }), await open({ roles: ['admin'] }), await open()];
    expectError(await guest.request('note.purge'), 'FORBIDDEN');
    expect(await admin.request('note.purge')).toMatchObject({ event: 'note.purge' });
    expectError(await editor.request('note.purge'), 'FORBIDDEN');
    await told(1);
    expect(differences()).toEqual([['note.purge', 'role admin or editor', 'would-allow']]);
    expect(gateway.handled).toEqual(['purged']);
  });

  it('AZ-12 is tried on a message that roles have refused only with a payload that is valid', async () => {
    const { client, tried, gateway, differences, told } = await start();
    expectError(await client.request('note.move', { noteId: 7 }), 'FORBIDDEN');
    expectError(await client.request('note.move', { noteId: 'a-new' }), 'FORBIDDEN');
    await told(1);
    expect(differences()).toEqual([['note.move', 'any of (role admin; New)', 'would-allow']]);
    expect(tried.seen).toEqual([{ noteId: 'a-new' }]);
    expect(tried.seen[0]).toBeInstanceOf(NoteId);
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-07 is tried on a payload as it is open to its sender', async () => {
    const { open, gateway, differences, told } = await start();
    const [editor, guest] = [await open({ roles: ['editor'] }), await open({ roles: ['guest'] })];
    expectError(await guest.request('note.mark', { colour: 'red' }), 'FORBIDDEN');
    expectError(await editor.request('note.mark', { colour: 'red' }), 'FORBIDDEN');
    await told(1);
    expect(differences()).toEqual([['note.mark', 'role editor', 'would-allow']]);
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-02 is not told where the other decorators refuse anyway', async () => {
    const { client, differences } = await start();
    expectError(await client.request('note.open', { noteId: 'a-new' }), 'FORBIDDEN');
    await turn();
    expect(differences()).toEqual([]);
  });

  it('AZ-10 takes nothing away from the rule that it is written into', async () => {
    const { open, gateway, differences, told } = await start();
    expectError(await (await open()).request('note.burn'), 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
    expect(await (await open({ roles: ['admin'] })).request('note.burn')).toMatchObject({ event: 'note.burn' });
    await told(1);
    expect(differences()).toEqual([['note.burn', 'role root', 'would-refuse']]);
  });

  it('AZ-01 stops the boot where it is no rule', async () => {
    @WebSocketGateway({ path: '/x' })
    class WrongGateway {
      @WsAuthorize(Old, { shadow: { roles: [] } })
      @SubscribeMessage('empty')
      empty(): void {}

      @WsAuthorize({ shadow: New }, { shadow: Old })
      @SubscribeMessage('two')
      two(): void {}

      @WsAuthorize({ shadow: class NoPolicy {} as never })
      @SubscribeMessage('none')
      none(): void {}

      @WsAuthorize({ shadow: undefined as never })
      @SubscribeMessage('missing')
      missing(): void {}
    }
    const problems = await bootProblems({ providers: [WrongGateway, Old, New] });
    expect(problems.map(({ where, problem }) => [where, problem])).toEqual([
      ['WrongGateway.empty', expect.stringContaining('roles must be a list')],
      ['WrongGateway.two', expect.stringContaining('takes one shadow')],
      ['WrongGateway.none', expect.stringContaining('NoPolicy has no authorize() method')],
      ['WrongGateway.missing', expect.stringContaining('a requirement is undefined')],
    ]);
  });
});
