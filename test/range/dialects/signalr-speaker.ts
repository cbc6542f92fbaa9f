import type { User } from './notes-app.js';
import type { Speaker } from './speaker.js';

const END = '\u001e';
const record = (fields: object): string => `${JSON.stringify(fields)}${END}`;

interface Received {
  readonly type?: number;
  readonly invocationId?: string;
  readonly target?: string;
}

/** A hub by HubProtocol.md of ASP.NET Core: there is no server of SignalR for Node. The test talks to it with Microsoft's client. */
export const signalR: Speaker = {
  readsHandshake: true,
  messages: ['note.list', 'note.read', 'note.purge'].map((target) =>
    record({ type: 1, invocationId: '1', target, arguments: [7] }),
  ),
  serve(client, app, { headers }) {
    const user = app.login(headers.authorization?.slice('Bearer '.length)) as User;
    let isOpened = false;
    const answer = ({ type, invocationId, target }: Received): void => {
      if (type !== 1) return;
      const outcome = app.ask(user, target);
      if (invocationId === undefined) return;
      client.send(record({ type: 3, invocationId, ...('data' in outcome ? { result: outcome.data } : { error: outcome.code }) }));
    }; // prettier-ignore
    client.on('message', (data: Buffer) => {
      try {
        const text = data.toString();
        if (!text.endsWith(END)) throw new Error('The record has no end.');
        for (const each of text.split(END).slice(0, -1)) {
          const received = JSON.parse(each) as Received & { readonly protocol?: string };
          if (isOpened) answer(received);
          else if (received.protocol === 'json') {
            isOpened = true;
            client.send(`{}${END}`);
          } else throw new Error('It takes a handshake first.');
        }
      } catch (error) {
        client.send(isOpened ? record({ type: 7, error: app.broken(error) }) : record({ error: app.broken(error) }));
        client.close(1000);
      }
    });
  },
};
