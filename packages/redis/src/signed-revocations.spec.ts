import { ClusterKey } from '@secure-ws/nestjs/store';
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HandedEntry, type SentRevocation, SignedRevocations } from './signed-revocations.js';

const DAY_MS = 86_400_000;
const EVER = Number.MAX_SAFE_INTEGER;

let now = 0;
const [one, two] = [randomBytes(32), randomBytes(32)];
const nodeWith = (keys: unknown = one, prefix = 'app'): SignedRevocations =>
  new SignedRevocations(ClusterKey.read(keys, 'the test'), prefix, () => now);

const ban = (issuedBefore = EVER, ttlMs = DAY_MS) => ({ key: 'ban:a', issuedBefore, ttlMs });

/** What stands in Redis after something was sent. */
const standing = (sent: SentRevocation | undefined, key = 'ban:a'): HandedEntry =>
  sent === undefined
    ? expect.unreachable('nothing was sent')
    : [key, `${sent.before} 5 ${sent.seal}`, String(sent.ttl)];

function forgedAt(node: SignedRevocations): () => number {
  let count = 0;
  node.onForged(() => count++);
  return () => count;
}

beforeEach(() => {
  now = 1_800_000_000_000;
});

describe('SignedRevocations', () => {
  it('SL-04 DP-06 a node believes what another node has signed', () => {
    const entry = standing(nodeWith().prepare(ban()));
    const reader = nodeWith();
    expect(reader.read([entry])).toEqual([ban()]);
    expect(reader.isRevokedBy(entry, now)).toBe(true);
  });

  it('DP-06 verifies what an older key has signed, and not what a key that is gone has', () => {
    const entry = standing(nodeWith(one).prepare(ban()));
    expect(nodeWith([two, one]).read([entry])).toHaveLength(1);
    expect(nodeWith([two]).read([entry])).toEqual([]);
  });

  const changed: readonly (readonly [what: string, change: (entry: HandedEntry) => HandedEntry])[] = [
    ['another date', ([key, entry, ttl]) => [key, entry.replace(/^\d+/, '5'), ttl]],
    ['taken back', ([key, entry, ttl]) => [key, entry.replace(/^\d+/, '0'), ttl]],
    ['another key', ([, entry, ttl]) => ['ban:b', entry, ttl]],
    ['made later', ([key, entry, ttl]) => [key, entry.replace(/ \d+\./, ' 1900000000000.'), ttl]],
    ['a longer life', ([key, entry, ttl]) => [key, entry.replace(/\.\d+\./, '.1900000000000.'), ttl]],
    ['no seal', ([key, , ttl]) => [key, `${EVER} 5`, ttl]],
    ['a seal of nothing', ([key, , ttl]) => [key, `${EVER} 5 1.1900000000000.${'A'.repeat(43)}`, ttl]],
    ['a seal that is cut', ([key, entry, ttl]) => [key, entry.slice(0, -1), ttl]],
  ];

  it.each(changed)('DP-06 an entry with %s is forged, and revokes nobody', (_what, change) => {
    const reader = nodeWith();
    const forged = forgedAt(reader);
    const entry = change(standing(nodeWith().prepare(ban())));
    expect([reader.read([entry]), reader.isRevokedBy(entry, 0), forged()]).toEqual([[], false, 2]);
  });

  it('DP-06 an entry of another application is forged', () => {
    const reader = nodeWith(one, 'app');
    const forged = forgedAt(reader);
    expect(reader.read([standing(nodeWith(one, 'other').prepare(ban()))])).toEqual([]);
    expect(forged()).toBe(1);
  });

  it('SL-04 an end of a ban that is put back ends no later ban, and no ban that is put back begins again', () => {
    const [writer, reader] = [nodeWith(), nodeWith()];
    const forged = forgedAt(reader);
    const entries = [EVER, 0, EVER, 0].map((date) => {
      const sent = writer.prepare(ban(date)) ?? expect.unreachable('nothing was sent');
      writer.written(sent);
      return standing(sent);
    });
    const [firstBan, firstEnd, secondBan, secondEnd] = entries as [HandedEntry, HandedEntry, HandedEntry, HandedEntry];
    expect(reader.read([firstBan, firstEnd, secondBan])).toHaveLength(3);
    expect([reader.read([firstEnd]), reader.isRevokedBy(firstEnd, now)]).toEqual([[], true]);
    reader.read([secondEnd]);
    expect([reader.read([secondBan]), reader.isRevokedBy(secondBan, now)]).toEqual([[], false]);
    // A replica that took over may have them as well: it is no attack.
    expect(forged()).toBe(0);
  });

  it('SL-04 an entry that is put back after its life is over revokes nobody', () => {
    const entry = standing(nodeWith().prepare(ban(EVER, 60_000)));
    now += 60_000 + 121_000;
    expect(nodeWith().isRevokedBy(entry, 0)).toBe(false);
  });

  it('SL-04 what is made later comes after what stands there, also where the clock of its node is behind', () => {
    const [ahead, behind] = [nodeWith(), nodeWith()];
    const entry = standing(ahead.prepare(ban()));
    now -= 3_600_000;
    const end = standing(behind.prepare(ban(0), entry));
    now += 3_600_000;
    expect(ahead.read([end])).toMatchObject([{ issuedBefore: 0 }]);
  });

  it('SL-04 keeps the later date and the longer life of what stands there', () => {
    const [first, second] = [nodeWith(), nodeWith()];
    const entry = standing(first.prepare(ban(2000, DAY_MS)));
    expect(second.prepare(ban(1000, 1000), entry)).toBeUndefined();
    expect(second.prepare(ban(3000, 1000), entry)).toMatchObject({ before: 3000, ttl: DAY_MS, over: entry[1] });
  });

  it('SL-04 what was taken back prolongs nothing, and a copy is told as it was', () => {
    const node = nodeWith();
    const end = standing(node.prepare(ban(0)));
    expect(node.prepare(ban(1000, 1000), end)).toMatchObject({ before: 1000, ttl: 1000 });
    const first = node.prepare(ban(1000, 1000));
    node.written(first ?? expect.unreachable('nothing was sent'));
    now += 100;
    expect(node.prepare(ban(1000, 900))).toEqual({ ...first, ttl: 900 });
  });

  it('SL-04 what another node has written meanwhile is not older than what this one means to write', () => {
    const [first, second] = [nodeWith(), nodeWith()];
    const entry = standing(first.prepare(ban(4000)));
    now += 10;
    second.prepare(ban(3000));
    expect(second.prepare(ban(3000), entry)).toBeUndefined();
    const later = second.prepare(ban(5000), entry);
    expect(later).toMatchObject({ before: 5000 });
    expect(first.read([standing(later)])).toMatchObject([{ issuedBefore: 5000 }]);
  });

  it('SL-04 writes over what is forged as if nothing stood there', () => {
    const node = nodeWith();
    const forged: HandedEntry = ['ban:a', `${EVER} 5 x`, String(DAY_MS)];
    expect(node.prepare(ban(1000, 5000), forged)).toMatchObject({ before: 1000, ttl: 5000, over: forged[1] });
  });

  it('DR-16 what was heard of fills no memory', () => {
    const writer = nodeWith();
    const first = standing(writer.prepare(ban()));
    writer.read([first]);
    const end = standing(writer.prepare(ban(0)));
    const reader = nodeWith();
    reader.read([end]);
    expect(reader.read([first])).toEqual([]);
    for (let i = 0; i < 100_000; i++) reader.written({ key: `ban:${i}`, before: 1, ttl: 1, seal: '1.2.x' });
    expect(reader.read([first])).toHaveLength(1);
  });

  it('tells nobody any more who has ended it', () => {
    const node = nodeWith();
    let count = 0;
    const end = node.onForged(() => count++);
    end();
    node.read([['ban:a', 'x', '1']]);
    expect(count).toBe(0);
  });
});
