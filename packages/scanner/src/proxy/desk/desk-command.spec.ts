import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MAX_EDIT, readDeskCommand } from './desk-command.js';
import { readTerminal, readTerminalCommand, TERMINAL_HELP } from './terminal-commands.js';
import { TrafficDesk } from './traffic-desk.js';

describe('readDeskCommand', () => {
  it.each([
    { do: 'forward', id: 1 },
    { do: 'drop', id: 1 },
    { do: 'edit', id: 1, text: '' },
    { do: 'replay', id: 1, times: 100, connection: 2, text: 'a' },
    { do: 'break', direction: 'to-client', contains: 'a' },
    { do: 'unbreak' },
  ])('takes %j', (command) => {
    expect(readDeskCommand(command)).toEqual(command);
  });

  it.each([
    null,
    'forward',
    [],
    {},
    { do: 'forward' },
    { do: 'forward', id: 0 },
    { do: 'forward', id: '1' },
    { do: 'forward', id: 1.5 },
    { do: 'explode', id: 1 },
    { do: 'edit', id: 1 },
    { do: 'edit', id: 1, text: 'a'.repeat(MAX_EDIT + 1) },
    { do: 'replay', id: 1 },
    { do: 'replay', id: 1, times: 101 },
    { do: 'replay', id: 1, times: 1, connection: -1 },
    { do: 'replay', id: 1, times: 1, text: 5 },
    { do: 'break', direction: 'up' },
    { do: 'break', contains: 'a'.repeat(201) },
  ])('refuses what is no command', (value) => {
    expect(readDeskCommand(value)).toBeUndefined();
  });
});

describe('readTerminalCommand', () => {
  it.each<readonly [line: string, command: object | undefined]>([
    ['f 1', { do: 'forward', id: 1 }],
    [' d 12', { do: 'drop', id: 12 }],
    ['e 3 a  b', { do: 'edit', id: 3, text: 'a  b' }],
    ['e 3', { do: 'edit', id: 3, text: '' }],
    ['r 4', { do: 'replay', id: 4, times: 1 }],
    ['r 4 100', { do: 'replay', id: 4, times: 100 }],
    ['b', { do: 'break' }],
    ['b some text', { do: 'break', contains: 'some text' }],
    ['b to-server', { do: 'break', direction: 'to-server' }],
    ['b to-client to-server', { do: 'break', direction: 'to-client', contains: 'to-server' }],
    ['u', { do: 'unbreak' }],
    ...['', '?', 'f', 'f a', 'f 0', 'f 1 2', 'r 1 101', 'r 1 a', 'x 1', 'u 1', 'forward 1'].map(
      (line) => [line, undefined] as const,
    ),
  ])('reads %j', (line, command) => {
    expect(readTerminalCommand(line)).toEqual(command);
  });
});

describe('readTerminal', () => {
  async function typed(...chunks: readonly (string | Buffer)[]) {
    const input = new PassThrough();
    const desk = new TrafficDesk({ rules: [], holdMs: 1000 });
    const said: string[] = [];
    readTerminal(input, desk, (line) => void said.push(line));
    for (const chunk of chunks) {
      input.write(chunk);
      await setImmediate();
    }
    return { input, desk, said };
  }

  it('reads lines that come in pieces, and a last one without an end', async () => {
    const [first, second] = [Buffer.from('b é').subarray(0, 3), Buffer.from('b é').subarray(3)];
    const { input, desk, said } = await typed('l\r\n\n', first, second, '\nu\nx');
    expect(desk.breakPattern).toBeUndefined();
    input.end();
    await setImmediate();
    expect(said).toEqual([
      'Nothing is held.',
      'Every message with é is held from now on.',
      'Nothing is held from now on but by rules.',
      ...TERMINAL_HELP.split('\n'),
    ]);
  });

  it('SC-02 keeps no line for ever', async () => {
    const { input, said } = await typed(...Array<string>(40).fill('x'.repeat(65_536)));
    expect(said).toEqual(['A line is longer than 2097152 characters: nothing more is read.']);
    expect([input.listenerCount('data'), input.isPaused()]).toEqual([0, true]);
  });
});
