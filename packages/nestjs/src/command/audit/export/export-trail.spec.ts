import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auditFolder } from '../../../../../../test/support/audit-folder.js';
import { exampleOf } from '../../../../../../test/support/event-examples.js';
import { FakeClock } from '../../../../../../test/support/fake-clock.js';
import { FileSink } from '../../../events/file/file.sink.js';
import { SECURITY_EVENT_TYPES } from '../../../events/security-event.js';
import { runCommand } from '../../run-command.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a class of OCSF 1.5 requires, restated from the schema (github.com/ocsf/ocsf-schema: events/base_event.json, events/iam/authentication.json,
 * events/network/network_activity.json, events/application/*.json, events/findings/detection_finding.json and the objects that they name).
 * `a.b` is an attribute of an object, `a|b` one of which there must be at least one.
 */
const BASE = [
  ...['activity_id', 'category_uid', 'class_uid', 'metadata.product.name', 'metadata.product.vendor_name'],
  ...['metadata.version', 'severity_id', 'time', 'type_uid'],
];

const REQUIRED: Readonly<Record<number, { readonly activities: readonly number[]; readonly attributes: readonly string[] }>> = {
  2004: { activities: [1, 2, 3], attributes: ['finding_info.uid', 'finding_info.title'] },
  3002: { activities: [1, 2, 3, 4, 5], attributes: ['user.name|user.uid|user.account', 'service.name|dst_endpoint.ip'] },
  4001: { activities: [1, 2, 3, 4, 5, 6, 7], attributes: ['src_endpoint.ip|src_endpoint.uid|src_endpoint.name'] },
  6002: { activities: [1, 2, 3, 4], attributes: ['app.name', 'app.vendor_name'] },
  6003: {
    activities: [1, 2, 3, 4],
    attributes: ['actor.user.uid|actor.user.name', 'api.operation', 'src_endpoint.ip|src_endpoint.uid|src_endpoint.name'],
  },
  6008: { activities: [1, 2], attributes: [] },
}; // prettier-ignore

/** The words that ECS 8 allows, and the pairs of `event.category` and `event.type` that it expects. */
const ECS_TYPES: Readonly<Record<string, readonly string[]>> = {
  api: ['access', 'admin', 'allowed', 'change', 'creation', 'deletion', 'denied', 'end', 'info', 'start', 'user'],
  authentication: ['start', 'end', 'info'],
  intrusion_detection: ['allowed', 'denied', 'info'],
  network: ['access', 'allowed', 'connection', 'denied', 'end', 'info', 'protocol', 'start'],
  process: ['access', 'change', 'end', 'info', 'start'],
  session: ['start', 'end', 'info'],
};

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((found, name) => (found as Fields | undefined)?.[name], value);
}

async function exported(path: string, format: string): Promise<{ out: Fields[]; notes: string; status: number }> {
  const out: string[] = [];
  const notes: string[] = [];
  const args = ['audit', 'export', path, '--format', format];
  const status = await runCommand(args, { out: (line) => out.push(line), note: (line) => notes.push(line) });
  for (const line of out) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  return { out: out.map((line) => JSON.parse(line) as Fields), notes: notes.join('\n'), status };
}

/** A trail with an event of every type. */
async function trail(): Promise<string> {
  const { path, privateKey } = auditFolder();
  const sink = new FileSink({ path, chain: { privateKey, node: 'web-1' } });
  await sink.open(new FakeClock(Date.parse('2026-11-27T09:30:00.000Z')));
  await sink.writeBatch(SECURITY_EVENT_TYPES.map(exampleOf));
  await sink.close();
  return path;
}

describe('secure-ws audit export', () => {
  it('MO-05 writes each event as a class of OCSF, with all that the class requires', async () => {
    const { out, notes, status } = await exported(await trail(), 'ocsf');
    expect(status).toBe(0);
    expect(notes).toBe('');
    expect(out).toHaveLength(SECURITY_EVENT_TYPES.length);
    for (const [index, event] of out.entries()) {
      const uid = Number(event['class_uid']);
      const required = REQUIRED[uid];
      const missing = [...BASE, ...(required?.attributes ?? ['a known class'])].filter((paths) =>
        paths.split('|').every((path) => at(event, path) === undefined),
      );
      expect([SECURITY_EVENT_TYPES[index], missing]).toEqual([SECURITY_EVENT_TYPES[index], []]);
      const activity = Number(event['activity_id']);
      expect([...(required?.activities ?? []), 99]).toContain(activity);
      expect(event['type_uid']).toBe(uid * 100 + activity);
      expect(event['category_uid']).toBe(Math.floor(uid / 1000));
      expect([0, 1, 2, 3, 4, 5, 6, 99]).toContain(event['severity_id']);
      expect(event['time']).toBe(Date.parse('2026-11-27T09:30:00.000Z'));
      expect(at(event, 'metadata.uid')).toMatch(/^[\w-]{22}:\d+$/);
      expect(at(event, 'metadata.event_code')).toBe(SECURITY_EVENT_TYPES[index]);
    }
    expect(new Set(out.map((event) => at(event, 'metadata.uid'))).size).toBe(out.length);
  });

  it('MO-05 writes each event with the fields of ECS, and words that it has', async () => {
    const { out } = await exported(await trail(), 'ecs');
    expect(out).toHaveLength(SECURITY_EVENT_TYPES.length);
    for (const event of out) {
      expect(event['@timestamp']).toBe('2026-11-27T09:30:00.000Z');
      expect(at(event, 'ecs.version')).toMatch(/^8\./);
      expect(['alert', 'event']).toContain(at(event, 'event.kind'));
      expect(['success', 'failure']).toContain(at(event, 'event.outcome'));
      const [category = ''] = at(event, 'event.category') as string[];
      const [type] = at(event, 'event.type') as string[];
      expect(ECS_TYPES[category]).toContain(type);
      expect(at(event, 'event.hash')).toMatch(/^[\w-]{43}$/);
    }
    const refused = out.find((event) => event['message'] === 'ws.handshake.refused');
    expect(refused).toMatchObject({
      source: { ip: '203.0.113.7' },
      url: { path: '/orders' },
      http: { response: { status_code: 401 } },
      event: { reason: 'unauthenticated', category: ['authentication'], type: ['start'], outcome: 'failure' },
    });
  });

  it('MO-02 does not call it a log-in where nobody logged in, nor an error where the store answers again', async () => {
    const { path } = auditFolder();
    const anonymous = { method: 'anonymous:none' };
    const lines = [
      { ...exampleOf('ws.connection.opened'), ...anonymous },
      { ...exampleOf('ws.connection.closed'), ...anonymous },
      exampleOf('ws.connection.opened'),
      exampleOf('ws.store.away'),
      exampleOf('ws.store.back'),
    ];
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
    const ocsf = (await exported(path, 'ocsf')).out;
    expect(ocsf.map((event) => [event['class_uid'], event['activity_id'], event['status']])).toEqual([
      [4001, 1, 'Success'],
      [4001, 2, 'Success'],
      [3002, 1, 'Success'],
      [6008, 1, 'Failure'],
      [6002, 99, 'Success'],
    ]);
    const ecs = (await exported(path, 'ecs')).out;
    expect(ecs.map(({ event }) => event)).toMatchObject([
      { category: ['network'], type: ['start'], outcome: 'success' },
      { category: ['network'], type: ['end'], outcome: 'success' },
      { category: ['authentication'], type: ['start'], outcome: 'success' },
      { category: ['process'], type: ['info'], outcome: 'failure' },
      { category: ['process'], type: ['info'], outcome: 'success' },
    ]);
  });

  it('MO-02 says of an act of an operator whether it was done', async () => {
    const { path } = auditFolder();
    const outcomes = ['done', 'store-away', 'gone', 'failed'];
    const acts = outcomes.map((outcome) => JSON.stringify({ ...exampleOf('ws.operator.acted'), outcome }));
    writeFileSync(path, acts.join('\n'));
    const told = ['success', 'success', 'failure', 'failure'];
    expect((await exported(path, 'ecs')).out.map((event) => at(event, 'event.outcome'))).toEqual(told);
    expect((await exported(path, 'ocsf')).out.map((event) => String(event['status']).toLowerCase())).toEqual(told);
  });

  it('MO-07 skips and counts what is not an event, and never fails at a line', async () => {
    const { path } = auditFolder();
    const [type, time] = ['ws.drain.started', '2026-11-27T09:30:00.000Z'];
    const deep = `{"type":"${type}","time":"${time}","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const lines = [
      JSON.stringify({ type, time, connections: 1, __proto__: null, x: 'a\u001b[2J\u2028' }),
      deep,
      '{"type":"ws.of-another-release","time":"2026-11-27T09:30:00.000Z"}',
      `{"type":"${type}","time":"never"}`,
      `{"type":"${type}","time":"${time}","address":{"a":1},"chain":7,"hash":[],"durationMs":"x","__proto__":{"a":1}}`,
      '{"type":"constructor","time":"2026-11-27T09:30:00.000Z"}',
      'no json',
    ];
    writeFileSync(path, lines.join('\n'));
    for (const format of ['ocsf', 'ecs']) {
      const { out, notes, status } = await exported(path, format);
      expect(status).toBe(0);
      expect(out).toHaveLength(3);
      expect(notes).toBe('4 lines are not events of this release, and were skipped.');
    }
  });

  it.each([[['--format', 'csv', 'a']], [['a']], [['--format', 'ecs']], [['--format', 'ecs', 'missing.jsonl']]])(
    'refuses %j',
    async (args) => {
      const quiet = { out: () => undefined, note: () => undefined };
      expect(await runCommand(['audit', 'export', ...args], quiet)).toBe(2);
    },
  );
});
