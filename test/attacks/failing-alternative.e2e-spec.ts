import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  allOf,
  anyOf,
  deny,
  grant,
  WsAuthorize,
  type WsPolicy,
  type WsPolicyContext,
  type WsPolicyDecision,
  WsResource,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { NoteId } from '../support/notes.gateway.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const MARKER = 'db-password-1234';

class Verdict {
  calls = 0;
  give: () => unknown = () => false;
}

/** The alternative that fails, or denies, or hangs. */
@Injectable()
class Scripted implements WsPolicy {
  constructor(private readonly verdict: Verdict) {}

  authorize(): WsPolicyDecision {
    this.verdict.calls += 1;
    return this.verdict.give() as WsPolicyDecision;
  }
}

/** Grants something that is not the caller's, to be found in no other branch. */
@Injectable()
class Sesame implements WsPolicy {
  authorize() {
    return grant('sesame');
  }
}

@Injectable()
class OwnNote implements WsPolicy<NoteId, string> {
  authorize({ data, principal }: WsPolicyContext<NoteId>) {
    return data.noteId === principal.id ? grant(data.noteId) : deny();
  }
}

@WebSocketGateway({ path: '/alternatives' })
class AlternativesGateway {
  readonly handled: unknown[] = [];

  @WsAuthorize(anyOf(Scripted, OwnNote))
  @SubscribeMessage('note.read')
  read(@MessageBody() { noteId }: NoteId, @WsResource(OwnNote) note: unknown): unknown {
    this.handled.push(note);
    return { noteId };
  }

  // Sesame grants in a branch that is lost.
  @WsAuthorize(anyOf(allOf(Sesame, Scripted), OwnNote))
  @SubscribeMessage('note.open')
  open(@MessageBody() _: NoteId, @WsResource(Sesame) sesame: unknown, @WsResource(OwnNote) note: unknown): unknown {
    this.handled.push({ sesame, note });
    return {};
  }

  @WsAuthorize(anyOf({ roles: ['admin'] }, allOf({ roles: ['support'] }, OwnNote)))
  @SubscribeMessage('note.purge')
  purge(@MessageBody() { noteId }: NoteId): unknown {
    this.handled.push(noteId);
    return {};
  }
}

const start = async (give: () => unknown = () => false, clock?: FakeClock) => {
  const verdict = new Verdict();
  verdict.give = give;
  const app = await startApp({
    providers: [AlternativesGateway, Scripted, Sesame, OwnNote, { provide: Verdict, useValue: verdict }],
    ...(clock === undefined ? {} : { clock }),
  });
  const open = (claims: Parameters<typeof app.token>[0]) =>
    connect(`${app.url}/alternatives`, { token: app.token(claims) });
  return { app, open, client: await open({ sub: 'alice' }), verdict, gateway: app.app.get(AlternativesGateway) };
};

const FAILURES: readonly (readonly [what: string, give: () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error(MARKER);
    },
  ],
  ['rejects', () => Promise.reject(new Error(MARKER))],
  ['rejects with true', () => Promise.reject(true)],
  [
    'answers a thenable that throws',
    () => ({
      then: () => {
        throw new Error(MARKER);
      },
    }),
  ],
];

describe('an alternative that fails', () => {
  it.each(FAILURES)('AZ-09 is a no where it %s: the next one decides, and the operator is told', async (_, give) => {
    const crashes = watchForCrashes();
    const { app, client, gateway } = await start(give);
    const foreign = await client.request('note.read', { noteId: 'bob' });
    expectError(foreign, 'FORBIDDEN');
    expect(gateway.handled).toEqual([]);
    expect(await client.request('note.read', { noteId: 'alice' })).toMatchObject({ data: { noteId: 'alice' } });
    expect(gateway.handled).toEqual(['alice']);

    const failures = app.events.ofType('ws.policy.failed');
    expect(failures).toMatchObject([
      { policy: 'Scripted', event: 'note.read', path: '/alternatives' },
      { policy: 'Scripted', event: 'note.read', path: '/alternatives' },
    ]);
    expect(JSON.stringify([foreign, failures])).not.toContain(MARKER);
    // Its correlation id leads to the exception in the log.
    expect(app.log.lines.some((line) => line.includes(failures[0]?.correlationId ?? '-'))).toBe(true);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy' }]);
    expect(crashes).toEqual([]);
  });

  it('AZ-09 refuses the message where it never answers, and a late yes runs nothing', async () => {
    const clock = new FakeClock(Date.now());
    const { app, client, verdict, gateway } = await start(() => new Promise(() => undefined), clock);
    const reply = client.request('note.read', { noteId: 'alice' });
    await until(() => verdict.calls === 1, 'the alternative is asked');
    clock.advance(6000);
    expectError(await reply, 'FORBIDDEN');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy-timeout' }]);
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-04 grants nothing by a branch that is lost', async () => {
    const { client, gateway, verdict } = await start(() => Promise.resolve(false));
    await client.request('note.open', { noteId: 'alice' });
    verdict.give = () => {
      throw new Error(MARKER);
    };
    await client.request('note.open', { noteId: 'alice' });
    verdict.give = () => true;
    await client.request('note.open', { noteId: 'alice' });
    expect(gateway.handled).toEqual([
      { sesame: undefined, note: 'alice' },
      { sesame: undefined, note: 'alice' },
      { sesame: 'sesame', note: undefined },
    ]);
  });
});

describe('alternatives of roles', () => {
  it('AZ-12 are decided before the payload, where a policy could change nothing: like an event that is not there', async () => {
    const { open, client } = await start();
    const bad = { noteId: 7 };
    const forbidden = await client.request('note.purge', bad);
    expectError(forbidden, 'FORBIDDEN');
    expect(withoutCorrelation({ ...forbidden, id: 'x' })).toEqual(
      withoutCorrelation({ ...(await client.request('no.such', bad)), id: 'x' }),
    );
    // Who may have it by a policy is told what is wrong with it.
    const support = await open({ sub: 'alice', roles: ['support'] });
    expectError(await support.request('note.purge', bad), 'VALIDATION_FAILED');
    expectError(await support.request('note.purge', { noteId: 'bob' }), 'FORBIDDEN');
    expect(await support.request('note.purge', { noteId: 'alice' })).toMatchObject({ event: 'note.purge' });
    const admin = await open({ sub: 'root', roles: ['admin'] });
    expect(await admin.request('note.purge', { noteId: 'bob' })).toMatchObject({ event: 'note.purge' });
  });
});
