import { describe, expect, it } from 'vitest';
import { openConnections as open } from '../../../../test/support/open-connections.js';

describe('the labels of a connection', () => {
  it('are found by, shown, and gone with undefined', () => {
    const { connect, lifecycle } = open();
    const [{ connection: alice }, { connection: bob }] = [connect('alice'), connect('bob')];
    for (const one of [alice, bob]) one.setLabel('room', 'lobby');
    bob.setLabel('device', 'phone');
    const found = (labels: object): string[] => lifecycle.find({ labels } as object).map(({ id }) => id);
    expect(found({ room: 'lobby' })).toEqual(['alice', 'bob']);
    expect(found({ room: 'lobby', device: 'phone' })).toEqual(['bob']);
    expect(found({ room: 'hall' })).toEqual([]);
    expect(lifecycle.figures({ connectionId: 'bob' })[0]?.labels).toEqual(
      new Map([
        ['room', 'lobby'],
        ['device', 'phone'],
      ]),
    );
    bob.setLabel('room', undefined);
    expect(found({ room: 'lobby' })).toEqual(['alice']);
    expect([...bob.labels]).toEqual([['device', 'phone']]);
  });

  it.each<readonly [what: string, labels: unknown]>([
    ['a label that was looked up in vain', { room: undefined }],
    ['no label', {}],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'room'],
    ['a name of the prototype', { constructor: undefined }],
  ])('AZ-01 close nobody for %s, instead of everybody', (_, labels) => {
    const { connect, lifecycle } = open();
    const { connection } = connect('alice');
    connection.setLabel('room', 'lobby');
    expect(lifecycle.disconnect({ labels } as object, 'REVOKED')).toBe(0);
    expect(connection.isOpen).toBe(true);
  });

  it.each<readonly [what: string, name: unknown, value: unknown, error: new () => Error]>([
    ['an empty name', '', 'x', TypeError],
    ['a long name', 'x'.repeat(65), 'x', TypeError],
    ['a name with a line break', 'room\n', 'x', TypeError],
    ['the name of a prototype', '__proto__', 'x', TypeError],
    ['no name', undefined, 'x', TypeError],
    ['an empty value', 'room', '', TypeError],
    ['a long value', 'room', 'x'.repeat(257), TypeError],
    ['a value with a control character', 'room', 'a\u0000', TypeError],
    ['a number', 'room', 7, TypeError],
    ['one too many', 'room', 'x', RangeError],
  ])('DR-15 are bounded: %s is refused, and none changes', (_, name, value, error) => {
    const { connection } = open().connect('alice');
    for (let i = 0; i < 16; i++) connection.setLabel(`l${i}`, 'x'.repeat(256));
    const before = connection.labels;
    expect(() => {
      connection.setLabel(name as string, value as string);
    }).toThrow(error);
    expect(connection.labels).toEqual(before);
    connection.setLabel('l0', 'another');
    expect(connection.labels.get('l0')).toBe('another');
    // Of the moment at which it was asked for.
    expect(before.get('l0')).toBe('x'.repeat(256));
  });
});
