import { describe, expect, it } from 'vitest';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { NoteOwner, Notes, NOTES_PROVIDERS, NotesGateway } from '../support/notes.gateway.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const start = async () => {
  const app = await startApp({ providers: NOTES_PROVIDERS });
  const client = await connect(`${app.url}/notes`, { token: app.token({ sub: 'alice' }) });
  return { app, client, gateway: app.app.get(NotesGateway), policy: app.app.get(NoteOwner), notes: app.app.get(Notes) };
};

describe('the note of somebody else', () => {
  it('AZ-04 is refused, and answered like one that does not exist', async () => {
    const { app, client, gateway } = await start();
    expect(await client.request('note.read', { noteId: 'alices' })).toMatchObject({ data: { text: 'of alice' } });

    client.send('note.read', { noteId: 'bobs' }, 'x');
    client.send('note.read', { noteId: 'nobodys' }, 'x');
    const [foreign, missing] = [await client.next(), await client.next()];
    expectError(foreign, 'FORBIDDEN');
    expect(withoutCorrelation(foreign)).toEqual(withoutCorrelation(missing));
    expect(gateway.handled).toEqual(['note.read']);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([
      { owasp: 'authz_fail', code: 'FORBIDDEN', event: 'note.read' },
      { owasp: 'authz_fail', code: 'FORBIDDEN', event: 'note.read' },
    ]);
  });

  it('AZ-04 AZ-02 is decided for each message anew', async () => {
    const { client, policy } = await start();
    for (const noteId of ['alices', 'bobs', 'alices']) await client.request('note.read', { noteId });
    expect(policy.asked).toEqual(['alices', 'bobs', 'alices']);
  });

  it('AZ-02 follows a right that is taken away and given back while the connection is open', async () => {
    const { client, notes } = await start();
    const note = notes.all.get('alices');
    if (note === undefined) throw new Error('The fixture has lost its note.');
    expect(await client.request('note.read', { noteId: 'alices' })).toMatchObject({ event: 'note.read' });
    note.ownerId = 'bob';
    expectError(await client.request('note.read', { noteId: 'alices' }), 'FORBIDDEN');
    note.ownerId = 'alice';
    expect(await client.request('note.read', { noteId: 'alices' })).toMatchObject({ event: 'note.read' });
  });

  it('AZ-04 is not reached through the payload of an identity', async () => {
    const { client, gateway } = await start();
    for (const extra of [{ principal: { id: 'bob' } }, { user: { id: 'bob' } }, { ownerId: 'bob' }]) {
      expectError(await client.request('note.read', { noteId: 'bobs', ...extra }), 'VALIDATION_FAILED');
    }
    expect(gateway.handled).toEqual([]);
  });

  it('AZ-04 AZ-11 hands the handler the very note that was judged', async () => {
    const { client, notes } = await start();
    const judged = notes.all.get('alices');
    expect(await client.request('note.read', { noteId: 'alices' })).toMatchObject({ data: { text: judged?.text } });
  });
});
