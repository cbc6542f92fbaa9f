import type { User } from './notes-app.js';
import type { Speaker } from './speaker.js';

interface Command {
  readonly id?: number;
  readonly connect?: { readonly token?: string };
  readonly rpc?: { readonly method?: string };
}

/** Disconnect codes of Centrifugo: clients do not come back after these. */
const BAD_REQUEST = 3501;
const INVALID_TOKEN = 3500;
const NO_PONG = 3012;
const MAX_EARLY = 3;

/** Its client protocol in JSON (centrifugal.dev): the server is a program in Go. The test talks to it with the official client. */
export const centrifugo: Speaker = {
  messages: ['note.list', 'note.read', 'note.purge'].map((method, id) => JSON.stringify({ id: id + 2, rpc: { method, data: { noteId: 7 } } })),
  serve(client, app) {
    let user: User | undefined;
    let isAlive = false;
    let early = 0;
    const answer = ({ id, connect, rpc }: Command): void => {
      const reply = (fields: object): void => client.send(JSON.stringify({ id, ...fields }));
      if (connect !== undefined) {
        user = app.login(connect.token);
        if (user === undefined) client.close(INVALID_TOKEN, 'invalid token');
        else reply({ connect: { client: 'd6f7ae4c', version: '6.0.0', ping: 25, pong: true } });
        // A ping, which a client has to answer: Centrifugo waits a few seconds for it, and this one a few commands.
        client.send('{}');
        return;
      }
      if (id === undefined) {
        isAlive = true;
        return;
      }
      if (!isAlive && ++early > MAX_EARLY) return client.close(NO_PONG, 'no pong');
      if (user === undefined || rpc === undefined) return client.close(BAD_REQUEST, 'bad request');
      const outcome = app.ask(user, rpc.method);
      if ('data' in outcome) reply({ rpc: { data: outcome.data } });
      else reply({ error: outcome.code === 'FORBIDDEN' ? { code: 103, message: 'permission denied' } : { code: 104, message: 'method not found' } });
    };
    client.on('message', (data: Buffer) => {
      try {
        for (const line of data.toString().split('\n')) answer(JSON.parse(line) as Command);
      } catch (error) {
        client.close(BAD_REQUEST, app.has('stack-trace') ? app.broken(error).slice(0, 120) : 'bad request');
      }
    });
  },
}; // prettier-ignore
