import { MAX_COPIES } from '../rules/read-rules.js';
import { DIRECTIONS } from '../proxy-message.js';
import type { TrafficDesk } from './traffic-desk.js';

/** The largest text that an edit or a changed copy may have, in characters: what a frame of the page carries. */
export const MAX_EDIT = 1_048_576;

/** What a person decides, in the terminal or on the page. */
export type DeskCommand =
  | { readonly do: 'forward' | 'drop'; readonly id: number }
  /** Of a binary message the text is base64. */
  | { readonly do: 'edit'; readonly id: number; readonly text: string }
  | {
      readonly do: 'replay';
      readonly id: number;
      readonly times: number;
      /** @default the one that it came on */
      readonly connection?: number | undefined;
      /** @default as it was */
      readonly text?: string | undefined;
    }
  /** Without a text everything is held, with a direction only what goes that way. */
  | {
      readonly do: 'break';
      readonly direction?: (typeof DIRECTIONS)[number] | undefined;
      readonly contains?: string | undefined;
    }
  | { readonly do: 'unbreak' };

/** Does what a person has decided. @returns a sentence for that person. */
export async function runDeskCommand(desk: TrafficDesk, command: DeskCommand): Promise<string> {
  switch (command.do) {
    case 'forward':
      return desk.held.decide(command.id) ? `${command.id} was forwarded.` : notHeld(command.id);
    case 'drop':
      return desk.held.decide(command.id, { kind: 'drop', why: 'by hand' })
        ? `${command.id} was dropped.`
        : notHeld(command.id);
    case 'edit': {
      const data = bytesOf(command.text, desk.held.get(command.id)?.isBinary === true);
      const decision = { kind: 'forward', data, why: 'by hand' } as const;
      return desk.held.decide(command.id, decision) ? `${command.id} was changed and forwarded.` : notHeld(command.id);
    }
    case 'replay': {
      const { id, times, connection, text } = command;
      const data = text === undefined ? undefined : bytesOf(text, desk.log.get(id)?.message.isBinary === true);
      const sent = await desk.replay(id, times, { connection, data });
      if (sent === undefined) return `${id} cannot be sent again: the message or its connection is gone.`;
      return sent === times
        ? `${id} was sent again.`
        : `${id} was sent ${sent} of ${times} times: the connection ended.`;
    }
    case 'break': {
      const { direction, contains } = command;
      desk.breakOn({ direction, contains });
      const what = contains === undefined ? 'Every message' : `Every message with ${contains}`;
      return `${what}${direction === undefined ? '' : ` ${direction.replace('-', ' the ')}`} is held from now on.`;
    }
    case 'unbreak':
      desk.breakOn(undefined);
      return 'Nothing is held from now on but by rules.';
  }
}

/** Reads a command from what a page sent; `undefined` for what is none. */
export function readDeskCommand(value: unknown): DeskCommand | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { do: what, id, text, times, connection, direction, contains } = value as Readonly<Record<string, unknown>>;
  if (what === 'unbreak') return { do: what };
  if (what === 'break') {
    const known = DIRECTIONS.find((one) => one === direction);
    if (!isOptional(contains, (one) => isText(one, 200)) || (direction !== undefined && known === undefined))
      return undefined;
    return { do: what, direction: known, contains: contains as string | undefined };
  }
  if (!isCount(id)) return undefined;
  if (what === 'forward' || what === 'drop') return { do: what, id };
  if (what === 'edit') return isText(text, MAX_EDIT) ? { do: what, id, text } : undefined;
  if (what !== 'replay' || !isCount(times) || times > MAX_COPIES) return undefined;
  if (!isOptional(text, (one) => isText(one, MAX_EDIT)) || !isOptional(connection, isCount)) return undefined;
  return { do: what, id, times, connection: connection as number | undefined, text: text as string | undefined };
}

function notHeld(id: number): string {
  return `${id} is not held.`;
}

function bytesOf(text: string, isBinary: boolean): Buffer {
  return Buffer.from(text, isBinary ? 'base64' : 'utf8');
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length <= max;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function isOptional(value: unknown, isGood: (value: unknown) => boolean): boolean {
  return value === undefined || isGood(value);
}
