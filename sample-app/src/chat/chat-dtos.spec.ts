import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { ReadHistory } from './read-history.dto.js';
import { MAX_TEXT_LENGTH, SendMessage } from './send-message.dto.js';

function isValid(type: new () => object, data: object): boolean {
  return validateSync(plainToInstance(type, data), { whitelist: true, forbidNonWhitelisted: true }).length === 0;
}

describe('SendMessage', () => {
  it.each(['hello', '<img src=x onerror=alert(1)>', 'two\nlines', 'tab\there', '👩‍👩‍👧', 'x'.repeat(MAX_TEXT_LENGTH)])(
    'takes %j',
    (text) => expect(isValid(SendMessage, { roomId: 'general', text })).toBe(true),
  );

  it.each(['', '   ', '\n', 'nul\u0000', 'escape\u001b[2J', 'x'.repeat(MAX_TEXT_LENGTH + 1), 7, null, ['a'], { a: 1 }])(
    'refuses %j',
    (text) => expect(isValid(SendMessage, { roomId: 'general', text })).toBe(false),
  );

  it.each(['', 'General', '../x', "a'b", 'x'.repeat(33), 1, ['general']])('refuses the room %j', (roomId) => {
    expect(isValid(SendMessage, { roomId, text: 'hello' })).toBe(false);
  });

  it('refuses a property that it does not know', () => {
    expect(isValid(SendMessage, { roomId: 'general', text: 'hello', authorId: 'carol' })).toBe(false);
  });
});

describe('ReadHistory', () => {
  it.each([undefined, 1, 2 ** 31 - 1])('takes before: %j', (before) => {
    expect(isValid(ReadHistory, { roomId: 'general', ...(before === undefined ? {} : { before }) })).toBe(true);
  });

  it.each([0, -1, 1.5, 2 ** 31, '1', Number.NaN])('refuses before: %j', (before) => {
    expect(isValid(ReadHistory, { roomId: 'general', before })).toBe(false);
  });
});
