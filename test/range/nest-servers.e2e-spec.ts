import { scan, type ScanOptions, type ScanResult } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { startNestOnNamespace, startNestOnSocketIo, startNestOnWs } from './nest-servers.js';

const scanFast = (options: ScanOptions): Promise<ScanResult> =>
  scan({ limits: { connectionsPerSecond: 1000 }, settleMs: 50, idleMs: 300, ...options });

const idsOf = ({ outcomes }: ScanResult, wanted: string): readonly string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);

describe('what Nest gives by itself', { timeout: 120_000 }, () => {
  it('SC-06 is an F on ws, by one address and nothing else', async () => {
    const result = await scanFast({ target: await startNestOnWs(), isDisruptive: true });
    expect(result.grade).toMatchObject({ letter: 'F' });
    expect(idsOf(result, 'finding')).toEqual(
      expect.arrayContaining([
        'foreign-origin',
        'null-origin',
        'foreign-host',
        'foreign-subprotocol',
        'oversized-message',
      ]),
    );
    // Nobody answers a message that nobody handles: whether others are answered is not known without one.
    expect(idsOf(result, 'not-tested')).toEqual(expect.arrayContaining(['unauthenticated', 'message-rate']));
  });

  it('SC-06 is an F on ws with messages that it answers: to nobody, and told apart from those that it does not know', async () => {
    const result = await scanFast({
      target: await startNestOnWs(),
      messages: ['{"event":"note.add","data":"x"}', '{"event":"note.purge","data":{}}'],
      isDisruptive: true,
    });
    expect(result.dialect).toBe('nest-ws');
    expect(idsOf(result, 'finding')).toEqual(
      expect.arrayContaining(['unauthenticated', 'event-enumeration', 'message-rate']),
    );
  });

  it('SC-06 is an F on Socket.IO, whose dialect is recognised by its greeting', async () => {
    const target = await startNestOnSocketIo();
    const result = await scanFast({
      target,
      origin: 'https://app.example.com',
      messages: ['42["note.purge",{}]', '42["note.add","x"]'],
    });
    expect(result.dialect).toBe('socket.io');
    expect(result.grade.letter).toBe('F');
    expect(idsOf(result, 'finding')).toEqual(
      expect.arrayContaining(['foreign-origin', 'unauthenticated', 'event-enumeration']),
    );
    const admin = await scanFast({
      target: await startNestOnNamespace(),
      messages: ['42/admin,1["note.add","x"]', '42/admin,["note.purge",{}]'],
    });
    expect(idsOf(admin, 'finding')).toEqual(expect.arrayContaining(['unauthenticated', 'event-enumeration']));
    const greeted = await scanFast({ target, limits: { connectionsPerSecond: 1000, maxConnections: 3 } });
    expect(greeted.dialect).toBe('socket.io');
  });
});
