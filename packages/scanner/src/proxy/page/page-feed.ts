import type { WebSocket } from 'ws';
import { readDeskCommand, runDeskCommand } from '../desk/desk-command.js';
import type { LoggedMessage } from '../desk/message-log.js';
import type { TrafficDesk } from '../desk/traffic-desk.js';

/** How many lines a page is told of when it opens. */
const MAX_LINES = 200;
/** A page that takes no more is closed: it comes back, and gets what is there then. */
const MAX_BUFFERED = 16_777_216;
/** How long a message may be to be edited on the page, in bytes. */
const MAX_EDITED_BYTES = 262_144;
const MAX_COMMANDS = 20;

/** Tells one page what happens, and does what it asks for, a few at once. */
export function feedPage(socket: WebSocket, desk: TrafficDesk, target: string): void {
  const tell = (kind: string, fields: object): void => {
    if (socket.bufferedAmount > MAX_BUFFERED) return socket.terminate();
    socket.send(JSON.stringify({ kind, ...fields }));
  };
  const state = (): object => ({ connections: desk.openConnections, breaksOn: desk.breakPattern ?? null });
  tell('begin', { target, lines: desk.log.entries.slice(-MAX_LINES).map(lineOf), ...state() });
  const stop = desk.listen({
    onMessage: (entry) => tell('line', { line: lineOf(entry) }),
    onNote: (connection, text) => tell('note', { connection, text, ...state() }),
  });
  let pending = 0;
  socket.on('message', (data: Buffer) => {
    const asked = parse(data);
    if (isFields(asked) && asked['do'] === 'show') return tell('text', textOf(Number(asked['id']), desk));
    const command = readDeskCommand(asked);
    if (command === undefined || pending >= MAX_COMMANDS) return socket.close(1008);
    pending++;
    void runDeskCommand(desk, command).then((says) => {
      pending--;
      if (socket.readyState === socket.OPEN) tell('said', { says, ...state() });
    });
  });
  socket.on('close', stop);
  // A "close" follows.
  socket.on('error', () => undefined);
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The whole message, with what the log leaves out: whoever edits it has to see it. */
function textOf(id: number, { log }: TrafficDesk): object {
  const { isBinary = false, data } = log.get(id)?.message ?? {};
  const text =
    data === undefined || data.length > MAX_EDITED_BYTES ? null : data.toString(isBinary ? 'base64' : 'utf8');
  return { id, isBinary, text };
}

function lineOf({ message, time, state, why, shown }: LoggedMessage): object {
  const { id, connection, direction, isBinary, data } = message;
  return { id, connection, direction, isBinary, time, state, why, shown, size: data?.length ?? 0 };
}
