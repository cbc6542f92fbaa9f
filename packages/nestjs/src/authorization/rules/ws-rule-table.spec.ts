import { describe, expect, it } from 'vitest';
import { isFor, nameOfRule, type WsRule, WsRuleTable } from './ws-rule-table.js';

class Chat {}
class Admin {}

const rule = (event?: string, gateway?: WsRule['gateway']): WsRule => ({
  ...{ event, gateway },
  ...{ requirements: [], stepUps: [], access: 'judged' },
});

describe('WsRuleTable', () => {
  it.each<[string, WsRule, string, unknown, boolean]>([
    ['any event', rule(), 'x', Chat, true],
    ['any event of its gateway', rule(undefined, Chat), 'x', Chat, true],
    ['any event of another gateway', rule(undefined, Chat), 'x', Admin, false],
    ['its event', rule('note.edit'), 'note.edit', Chat, true],
    ['the beginning of its event', rule('note.edit'), 'note.edi', Chat, false],
    ['more than its event', rule('note.edit'), 'note.edited', Chat, false],
    ['its event of its gateway', rule('note.edit', Chat), 'note.edit', Chat, true],
    ['its event of another gateway', rule('note.edit', Chat), 'note.edit', Admin, false],
    ['what begins like it', rule('admin.*'), 'admin.purge', Chat, true],
    ['its beginning alone', rule('admin.*'), 'admin.', Chat, true],
    ['less than its beginning', rule('admin.*'), 'admin', Chat, false],
    ['its beginning elsewhere', rule('admin.*'), 'x.admin.purge', Chat, false],
    ['every event by its beginning', rule('*'), 'x', Chat, true],
  ])('AZ-01 knows whether a line is for %s', (_, line, event, gateway, isIt) => {
    expect(isFor(line, event, gateway)).toBe(isIt);
  });

  it('AZ-01 has the first line decide that is for an event, and none that comes later', () => {
    const lines = [rule('a', Admin), rule('a*'), rule('a'), rule()];
    const table = new WsRuleTable(lines);
    expect(table.ruleOf('a', Admin)).toBe(lines[0]);
    expect(table.ruleOf('a', Chat)).toBe(lines[1]);
    expect(table.ruleOf('b', Chat)).toBe(lines[3]);
    expect(new WsRuleTable([rule('a')]).ruleOf('b', Chat)).toBeUndefined();
  });

  it('AZ-01 cannot be changed by what it was made of', () => {
    const lines = [rule('a')];
    const table = new WsRuleTable(lines);
    lines.pop();
    expect(table.rules).toHaveLength(1);
    expect(Object.isFrozen(table.rules)).toBe(true);
  });

  it.each<[WsRule, string]>([
    [rule(), 'anyEvent()'],
    [rule(undefined, Chat), 'anyEvent()'],
    [rule('admin.*'), "event('admin.*')"],
    [rule('admin.*', Chat), "event('admin.*', Chat)"],
  ])('names a line as it was written', (line, name) => {
    expect(nameOfRule(line)).toBe(name);
  });
});
