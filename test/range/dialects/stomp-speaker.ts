import type { User } from './notes-app.js';
import type { Speaker } from './speaker.js';

interface Frame {
  readonly command: string;
  readonly headers: ReadonlyMap<string, string>;
}

const write = (command: string, headers: Readonly<Record<string, string>>): string =>
  `${command}\n${Object.entries(headers)
    .map(([name, value]) => `${name}:${value.replaceAll('\n', '\\n')}\n`)
    .join('')}\n\0`;

function read(text: string): Frame {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  const [command = '', ...lines] = head.split(/\r?\n/);
  if (rest.length === 0 || !text.includes('\0')) throw new Error('A frame ends with an empty line and a zero.');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const);
  return { command, headers: new Map(headers.reverse()) };
}

/** A broker by the STOMP 1.2 specification (stomp.github.io): npm has none that is maintained. The test talks to it with `@stomp/stompjs`. */
export const stomp: Speaker = {
  subprotocols: ['v12.stomp', 'v11.stomp', 'v10.stomp'],
  messages: ['note.list', 'note.read', 'note.purge'].map((name) => `SEND\ndestination:/app/${name}\n\n{"noteId":7}\0`),
  serve(client, app) {
    let user: User | undefined;
    // The connection ends with an error, always.
    const fail = (message: string): void => {
      client.send(write('ERROR', { message }));
      client.close(1002);
    };
    const answer = ({ command, headers }: Frame): void => {
      if (['CONNECT', 'STOMP'].includes(command)) {
        user = app.login(headers.get('Authorization')?.slice('Bearer '.length));
        if (user === undefined) fail('UNAUTHORIZED');
        else client.send(write('CONNECTED', { version: '1.2', 'heart-beat': '0,0' }));
        return;
      }
      const receipt = headers.get('receipt');
      if (user === undefined) return fail('UNAUTHORIZED');
      if (command === 'SEND') {
        const outcome = app.ask(user, headers.get('destination')?.replace('/app/', ''));
        if ('code' in outcome) return fail(outcome.code);
      } else if (command !== 'DISCONNECT') throw new Error(`There is no command for it.`);
      if (receipt !== undefined) client.send(write('RECEIPT', { 'receipt-id': receipt }));
    };
    client.on('message', (data: Buffer) => {
      const text = data.toString();
      if (/^[\r\n]*$/.test(text)) return;
      try {
        answer(read(text));
      } catch (error) {
        fail(app.broken(error));
      }
    });
  },
};
