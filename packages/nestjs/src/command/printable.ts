import { visibleText } from '../core/visible-text.js';

/** JSON over several lines, in which nothing that anybody chose ends a line or reaches a terminal as anything but text. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(visibleText).join('\n');
}

/** What was thrown, in one line of at most 300 characters. Never throws. */
export function printableError(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    const [first = ''] = text.split('\n');
    return visibleText(first.slice(0, 300));
  } catch {
    return 'something that cannot be read';
  }
}
