import type { User } from './notes-app.js';
import type { Speaker } from './speaker.js';

const TOPIC = 'notes:all';

type Message = readonly [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown];

/** Channels by the code of Phoenix.Socket.V2.JSONSerializer and Phoenix.Channel: there is no server for Node. The test talks to it with the official client. */
export const phoenix: Speaker = {
  address: '/websocket?vsn=2.0.0',
  messages: ['note.list', 'note.read', 'note.purge'].map((event) => JSON.stringify(['3', '7', TOPIC, event, { noteId: 7 }])),
  serve(client, app) {
    let user: User | undefined;
    const answer = ([joinRef, ref, topic, event, payload]: Message): void => {
      const reply = (status: 'ok' | 'error', response: unknown): void =>
        client.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]));
      if (topic === 'phoenix' && event === 'heartbeat') return reply('ok', {});
      if (event === 'phx_join') {
        user = topic === TOPIC ? app.login((payload as { readonly token?: unknown }).token) : undefined;
        return user === undefined ? reply('error', { reason: 'unauthorized' }) : reply('ok', {});
      }
      if (topic !== TOPIC || user === undefined) return reply('error', { reason: 'unmatched topic' });
      const outcome = app.ask(user, event);
      if ('data' in outcome) reply('ok', { notes: outcome.data });
      else reply('error', { reason: outcome.code });
    };
    client.on('message', (data: Buffer) => {
      try {
        const message = JSON.parse(data.toString()) as Message;
        if (message.length !== 5) throw new Error('A message has five parts.');
        answer(message);
      } catch (error) {
        client.close(1011, app.broken(error).slice(0, 120));
      }
    });
  },
}; // prettier-ignore
