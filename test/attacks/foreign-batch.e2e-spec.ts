import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsBatchPolicy, type WsPolicyContext, WsResource } from '@secure-ws/nestjs';
import { IsArray, IsString, MaxLength } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { type Note, Notes } from '../support/notes.gateway.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class NoteIds {
  @IsArray()
  @IsString({ each: true })
  @MaxLength(32, { each: true })
  noteIds!: string[];
}

@Injectable()
class OwnNotes extends WsBatchPolicy<NoteIds, Note> {
  override readonly maxIds = 3;
  readonly lookups: (readonly string[])[] = [];

  constructor(private readonly notes: Notes) {
    super();
  }

  protected idsOf({ noteIds }: NoteIds) {
    return noteIds;
  }

  /** As a database with a collation that knows no case, which finds more than was asked for. */
  protected find(ids: readonly string[]) {
    this.lookups.push(ids);
    const wanted = ids.map((id) => id.toLowerCase());
    return Promise.resolve([...this.notes.all.values()].filter(({ id }) => wanted.includes(id.toLowerCase())));
  }

  protected idOf({ id }: Note) {
    return id;
  }

  protected allows({ ownerId }: Note, { principal }: WsPolicyContext) {
    return ownerId === principal.id;
  }
}

@WebSocketGateway({ path: '/notes' })
class NotesGateway {
  readonly deleted: (readonly Note[])[] = [];

  @WsAuthorize(OwnNotes)
  @SubscribeMessage('note.delete')
  delete(@MessageBody() _: NoteIds, @WsResource() notes: readonly Note[]): unknown {
    this.deleted.push(notes);
    return { deleted: notes.map(({ id }) => id) };
  }
}

const start = async () => {
  const app = await startApp({ providers: [NotesGateway, OwnNotes, Notes] });
  const client = await connect(`${app.url}/notes`, { token: app.token({ sub: 'alice' }) });
  const notes = app.app.get(Notes);
  notes.all.set('second', { id: 'second', ownerId: 'alice', text: 'another' });
  return { app, client, notes, policy: app.app.get(OwnNotes), gateway: app.app.get(NotesGateway) };
};

describe('several notes in one message', () => {
  it('AZ-04 AZ-11 are found at once, and the handler gets the very ones that were judged, in their order', async () => {
    const { client, gateway, notes, policy } = await start();
    expect(await client.request('note.delete', { noteIds: ['second', 'alices'] })).toMatchObject({
      data: { deleted: ['second', 'alices'] },
    });
    expect(policy.lookups).toEqual([['second', 'alices']]);
    expect(gateway.deleted[0]?.[0]).toBe(notes.all.get('second'));
    expect(gateway.deleted[0]?.[1]).toBe(notes.all.get('alices'));
  });

  it('AZ-04 are refused together, and a foreign one looks like one that is not there', async () => {
    const { app, client, gateway } = await start();
    client.send('note.delete', { noteIds: ['alices', 'bobs'] }, 'x');
    client.send('note.delete', { noteIds: ['alices', 'nobodys'] }, 'x');
    const [foreign, missing] = [await client.next(), await client.next()];
    expectError(foreign, 'FORBIDDEN');
    expect(withoutCorrelation(foreign)).toEqual(withoutCorrelation(missing));
    expect(gateway.deleted).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'policy' }, { reason: 'policy' }]);
  });

  it.each<readonly [what: string, noteIds: readonly string[], lookups: number]>([
    ['none', [], 0],
    ['one twice', ['alices', 'alices'], 0],
    ['one twice in another case', ['alices', 'ALICES'], 1],
    ['one in another case', ['ALICES'], 1],
    ['more than may be', ['alices', 'second', 'a', 'b'], 0],
    ['an empty name', [''], 0],
    ['a name with a blank', ['alices '], 1],
  ])('AZ-04 are refused where they are %s', async (_, noteIds, lookups) => {
    const { client, gateway, policy } = await start();
    expectError(await client.request('note.delete', { noteIds }), 'FORBIDDEN');
    expect(gateway.deleted).toEqual([]);
    expect(policy.lookups).toHaveLength(lookups);
  });
});
