import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { visibleText } from '../../report/visible-text.js';
import { MAX_COPIES } from '../rules/read-rules.js';
import { DIRECTIONS } from '../proxy-message.js';
import { type DeskCommand, MAX_EDIT, runDeskCommand } from './desk-command.js';
import type { LoggedMessage } from './message-log.js';
import type { TrafficDesk } from './traffic-desk.js';

const MAX_SHOWN = 200;
/** An edit, and as much again. */
const MAX_LINE = 2 * MAX_EDIT;

/** What can be typed while the proxy runs. */
export const TERMINAL_HELP = `f ID               forward a held message       d ID    drop it       e ID TEXT    forward TEXT in its place
r ID [TIMES]       send a message again         l       list what is held
b [TEXT]           hold what contains TEXT      b to-server [TEXT], b to-client [TEXT]       u    hold nothing more`;

/** A message in one line, as the terminal shows it. */
export function lineOfMessage({ message, state, why, shown }: LoggedMessage): string {
  const text = visibleText(shown);
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  const arrow = message.direction === 'to-server' ? '>' : '<';
  const said = [state === 'passed' ? '' : state, visibleText(why)].filter((part) => part !== '').join(': ');
  return `#${message.connection} ${arrow} ${message.id}${said === '' ? '' : ` [${said}]`} ${cut}`;
}

/** Reads a line of the terminal; `undefined` for what is no command. */
export function readTerminalCommand(line: string): DeskCommand | undefined {
  const [, word = '', rest = ''] = /^\s*(\w+)(?: (.*))?$/s.exec(line) ?? [];
  const [, number = '', text = ''] = /^(\d{1,15})(?: (.*))?$/s.exec(rest) ?? [];
  const id = Number(number);
  if (word === 'u') return rest === '' ? { do: 'unbreak' } : undefined;
  if (word === 'b') {
    const direction = DIRECTIONS.find((one) => rest === one || rest.startsWith(`${one} `));
    const contains = direction === undefined ? rest : rest.slice(direction.length + 1);
    return { do: 'break', direction, contains: contains === '' ? undefined : contains };
  }
  if (id < 1) return undefined;
  if (word === 'e') return text.length > MAX_EDIT ? undefined : { do: 'edit', id, text };
  if (word === 'r') {
    const times = text === '' ? 1 : Number(/^\d{1,3}$/.exec(text)?.[0] ?? 0);
    return times >= 1 && times <= MAX_COPIES ? { do: 'replay', id, times } : undefined;
  }
  if (text !== '' || (word !== 'f' && word !== 'd')) return undefined;
  return { do: word === 'f' ? 'forward' : 'drop', id };
}

/**
 * Does what is typed, until it is ended. A line without an end is not kept for ever: nothing is read behind it.
 *
 * @returns what ends it.
 */
export function readTerminal(input: Readable, desk: TrafficDesk, say: (line: string) => void): () => void {
  let typed = '';
  const decoder = new StringDecoder();
  const stop = (): void => void input.off('data', take).off('end', end).pause();
  const end = (): void => doLine(typed, desk, say);
  const take = (chunk: Buffer | string): void => {
    const lines = `${typed}${typeof chunk === 'string' ? chunk : decoder.write(chunk)}`.split(/\r?\n/);
    typed = lines.pop() ?? '';
    for (const line of lines) doLine(line, desk, say);
    if (typed.length <= MAX_LINE) return;
    stop();
    say(`A line is longer than ${MAX_LINE} characters: nothing more is read.`);
  };
  input.on('data', take).on('end', end);
  return stop;
}

function doLine(line: string, desk: TrafficDesk, say: (line: string) => void): void {
  if (line.trim() === '') return;
  if (line.trim() === 'l') return listHeld(desk, say);
  const command = readTerminalCommand(line);
  if (command === undefined) return TERMINAL_HELP.split('\n').forEach(say);
  void runDeskCommand(desk, command).then((says) => say(visibleText(says)));
}

function listHeld(desk: TrafficDesk, say: (line: string) => void): void {
  const held = desk.held.messages.flatMap(({ id }) => desk.log.get(id) ?? []);
  if (held.length === 0) say('Nothing is held.');
  for (const entry of held) say(lineOfMessage(entry));
}
