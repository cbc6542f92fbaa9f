import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { Text } from '../support/echo.gateway.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { NOTES_PROVIDERS, NotesGateway } from '../support/notes.gateway.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

@WebSocketGateway({ path: '/open' })
class UndecidedGateway {
  @SubscribeMessage('undecided')
  undecided(@MessageBody() text: Text): Text {
    return text;
  }
}

@WebSocketGateway({ path: '/several' })
@WsAuthorize({ roles: ['staff'] })
@WsAuthorize({ roles: ['signed'] })
class SeveralGateway {
  readonly handled: string[] = [];

  @WsAuthorize({ roles: ['editor'] })
  @WsAuthorize({ scopes: ['notes:write'] })
  @SubscribeMessage('several')
  several(): string {
    this.handled.push('several');
    return 'done';
  }
}

describe('an event that nobody may send', () => {
  it('AZ-01 does not let the application boot while nothing says who may send it', async () => {
    const problems = await bootProblems({ providers: [UndecidedGateway] });
    expect(problems).toMatchObject([{ where: 'UndecidedGateway.undecided' }]);
    expect(problems[0]?.fix).toContain('@WsAuthorize()');
  });

  it.each(['nothing.here', 'handleConnection', 'constructor', '__proto__', 'toString', 'NOTE.READ', 'note.read/'])(
    'AZ-01 AZ-12 answers the unknown event %j like a forbidden one',
    async (event) => {
      const app = await startApp({ providers: NOTES_PROVIDERS });
      const client = await connect(`${app.url}/notes`, { token: app.token() });
      client.send(event, {}, 7);
      client.send('note.purge', {}, 7);
      const [unknown, forbidden] = [await client.next(), await client.next()];
      expectError(unknown, 'FORBIDDEN');
      expect(withoutCorrelation(unknown)).toEqual(withoutCorrelation(forbidden));
      expect(app.app.get(NotesGateway).handled).toEqual([]);
      const audited = app.events.ofType('ws.message.refused');
      expect(audited.map(({ reason }) => reason)).toEqual(['unknown-event', 'claims']);
      // A name that the client made up is not repeated.
      expect(audited[0]).not.toHaveProperty('event');
    },
  );

  it('AZ-12 DR-24 answers it without an id like one that there is not, by its number, and as often', async () => {
    const app = await startApp({ providers: NOTES_PROVIDERS });
    const answersTo = async (event: string): Promise<readonly unknown[]> => {
      const client = await connect(`${app.url}/notes`, { token: app.token() });
      // More than are answered one by one: the rest are told as a run.
      for (let i = 0; i < 6; i++) client.send(event, {});
      client.send('note.read', {}, 9);
      const answers: unknown[] = [];
      for (;;) {
        const frame = await client.next();
        if (frame.id === 9) return answers;
        answers.push(withoutCorrelation(frame));
      }
    };
    const forbidden = await answersTo('note.purge');
    expect(forbidden[0]).toMatchObject({ event: 'error', messages: [1, 1], data: { code: 'FORBIDDEN' } });
    expect(forbidden).toEqual(await answersTo('nothing.here'));
  });

  it.each<readonly [what: string, claims: object, event: string, allowed: boolean]>([
    ['the role', { roles: ['admin'] }, 'note.purge', true],
    ['another role', { roles: ['xadminx'] }, 'note.purge', false],
    ['the role in capitals', { roles: ['ADMIN'] }, 'note.purge', false],
    ['a scope of the name of the role', { scope: 'admin' }, 'note.purge', false],
    ['the scope', { scope: 'notes:read notes:count' }, 'note.count', true],
    ['a longer scope', { scope: 'notes:counting' }, 'note.count', false],
    ['a wildcard scope', { scope: 'notes:*' }, 'note.count', false],
  ])('AZ-01 asks for what is written: with %s %o, %s is allowed: %s', async (_, claims, event, allowed) => {
    const app = await startApp({ providers: NOTES_PROVIDERS });
    const client = await connect(`${app.url}/notes`, { token: app.token(claims) });
    const reply = await client.request(event);
    if (allowed) expect(reply).toMatchObject({ event });
    else expectError(reply, 'FORBIDDEN');
    expect(app.app.get(NotesGateway).handled).toEqual(allowed ? [event] : []);
  });

  it.each<readonly [missing: string, claims: object]>([
    ['the upper one of the class', { roles: ['signed', 'editor'], scope: 'notes:write' }],
    ['the lower one of the class', { roles: ['staff', 'editor'], scope: 'notes:write' }],
    ['the upper one of the method', { roles: ['staff', 'signed'], scope: 'notes:write' }],
    ['the lower one of the method', { roles: ['staff', 'signed', 'editor'], scope: 'notes:read' }],
  ])('AZ-01 adds up several decorators: refuses who does not meet %s', async (_, claims) => {
    const app = await startApp({ providers: [SeveralGateway] });
    const client = await connect(`${app.url}/several`, { token: app.token(claims) });
    expectError(await client.request('several'), 'FORBIDDEN');
    expect(app.app.get(SeveralGateway).handled).toEqual([]);
    const all = { roles: ['staff', 'signed', 'editor'], scope: 'notes:write' };
    const other = await connect(`${app.url}/several`, { token: app.token(all) });
    expect(await other.request('several')).toMatchObject({ data: 'done' });
  });
});
