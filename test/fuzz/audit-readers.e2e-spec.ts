import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readAuditRecord } from '../../packages/nestjs/src/command/audit-record.js';
import { toEcs } from '../../packages/nestjs/src/command/audit/export/ecs.js';
import { readExported } from '../../packages/nestjs/src/command/audit/export/exported-event.js';
import { toOcsf } from '../../packages/nestjs/src/command/audit/export/ocsf.js';
import { linesOfFile } from '../../packages/nestjs/src/command/file-lines.js';
import { toLine } from '../../packages/nestjs/src/core/visible-text.js';
import { readChainLine, signerOf } from '../../packages/nestjs/src/events/chain/chain-line.js';
import { TrailVerifier } from '../../packages/nestjs/src/events/chain/trail-verifier.js';
import { SECURITY_EVENT_TYPES } from '../../packages/nestjs/src/events/security-event.js';
import { auditFolder, linesOf } from '../support/audit-folder.js';
import { rechained, rehashed, run, START } from '../support/audit-run.js';
import { exampleOf } from '../support/event-examples.js';
import { anyText, eachInput, FUZZ_INPUTS, FUZZ_SEED, FUZZ_TIMEOUT, mutated } from './fuzz-run.js';
import type { Random } from './random.js';

/** What somebody without the key does to a trail. */
function tampered(random: Random, lines: readonly string[]): string[] {
  const result = [...lines];
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(result.length);
    const other = random.below(result.length);
    const line = result[at] ?? '';
    random.pick([
      () => result.splice(at, 1 + random.below(4)),
      () => result.splice(at, 0, result[other] ?? ''),
      () => ([result[at], result[other]] = [result[other] ?? '', line]),
      () => (result[at] = mutated(random, line)),
      () => (result[at] = rehashed(line, (body) => mutated(random, body))),
      () => result.splice(0, result.length, ...rechained(result, at)),
      () => result.splice(at),
      () => result.splice(0, at),
      () => result.splice(at, 0, anyText(random)),
    ])();
    if (result.length === 0) return [];
  }
  // One line of a file is one line.
  return result.join('\n').split('\n');
}

/** A value as a file may have it, whoever wrote that. */
function anyValue(random: Random, depth = 0): unknown {
  const pick = random.below(depth > 2 ? 7 : 9);
  if (pick < 3) return anyText(random, 6);
  if (pick === 3) return random.pick([0, -1, 1.5, 1e308, -0, 2 ** 53, 1e-7]);
  if (pick === 4) return random.pick([null, true, false]);
  if (pick === 5) return random.pick(['203.0.113.7', '2001:db8::1', '203.0.113.0', 'unknown', '']);
  if (pick === 6) return random.pick(['2026-11-28T10:00:00.000Z', '2026', 'x', '+275760-09-13T00:00:00.001Z', '-1']);
  if (pick === 7) return Array.from({ length: random.below(4) }, () => anyValue(random, depth + 1));
  return Object.fromEntries(Array.from({ length: random.below(4) }, () => [anyText(random, 2), anyValue(random, depth + 1)])); // prettier-ignore
}

/** A line as a sink, a logger, or anybody writes it. */
function anyLine(random: Random): string {
  const event: Record<string, unknown> = { ...exampleOf(random.pick(SECURITY_EVENT_TYPES)) };
  const names = [...Object.keys(event), 'chain', 'hash', 'signature', 'address', 'durationMs', 'alertId', 'toString'];
  for (let changes = random.below(4); changes > 0; changes--) event[random.pick(names)] = anyValue(random);
  let text = JSON.stringify(event);
  if (random.happens(0.1)) text = text.replace(/:\d+/, random.pick([':1e999', ':-1e999', ':01', ':1e-999']));
  if (random.happens(0.2)) text = mutated(random, text);
  if (random.happens(0.1)) text = JSON.stringify({ level: 40, msg: random.happens(0.5) ? text : anyText(random) });
  return random.happens(0.2) ? `${anyText(random, 6)}${text}${anyText(random, 3)}` : text;
}

/** Every number and text of a value. */
function* leavesOf(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) yield value;
  else for (const each of Object.values(value)) yield* leavesOf(each);
}

describe(`${FUZZ_INPUTS} audit files from the seed ${FUZZ_SEED}`, () => {
  it(
    'MO-08 pass where they are, up to their last signed record, what was written, and nowhere else',
    FUZZ_TIMEOUT,
    async () => {
      const audit = auditFolder();
      await run(audit, 12, { crashes: true });
      await run(audit, 7, { from: START + 60_000 });
      const whole = linesOf(audit.path);
      const keys = [createPublicKey(readFileSync(audit.publicKey))];
      const counts = { passed: 0, found: 0 };
      const isSigned = (line: string): boolean => {
        const record = readChainLine(Buffer.from(line));
        return record?.isIntact === true && signerOf(record, keys) !== -1;
      };
      await eachInput((random) => {
        const lines = tampered(random, whole);
        const verifier = new TrailVerifier({
          keys,
          now: START,
          remembered: [],
          maxAgeMs: undefined,
          isComplete: false,
        });
        lines.forEach((line, index) => verifier.read(Buffer.from(line), { file: 'audit.jsonl', line: index + 1 }));
        const { findings } = verifier.finish();
        for (const { problem } of findings) expect(problem).not.toMatch(/[\n\r\u001b]/);
        counts[findings.length === 0 ? 'passed' : 'found']++;
        if (findings.length > 0) {
          expect(lines, 'what nobody has touched passes').not.toEqual(whole);
          return;
        }
        const vouched = lines.slice(0, lines.findLastIndex(isSigned) + 1);
        const begin = whole.indexOf(vouched[0] ?? '');
        expect(vouched).toEqual(whole.slice(begin, begin + vouched.length));
      });
      for (const count of Object.values(counts)) expect(count).toBeGreaterThan(FUZZ_INPUTS / 50);
    },
  );

  it('MO-07 MO-08 become OCSF and ECS whose every value a collector takes, or are skipped', FUZZ_TIMEOUT, async () => {
    const counts = { written: 0, skipped: 0 };
    await eachInput((random) => {
      const record = readAuditRecord(anyLine(random));
      const event = record === undefined ? undefined : readExported(record);
      counts[event === undefined ? 'skipped' : 'written']++;
      if (event === undefined) return;
      for (const write of [toOcsf, toEcs]) {
        const line = toLine(write(event));
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        const exported = JSON.parse(line) as {
          readonly time?: number;
          readonly duration?: number;
          readonly src_endpoint?: { readonly ip?: string };
          readonly source?: { readonly ip?: string };
          readonly event?: { readonly duration?: number };
        };
        expect([...leavesOf(exported)].includes(null), `${line}`).toBe(false);
        const ip = exported.src_endpoint?.ip ?? exported.source?.ip;
        if (ip !== undefined) expect(isIP(ip), `${line}`).toBeGreaterThan(0);
        for (const number of [exported.time, exported.duration, exported.event?.duration]) {
          if (number !== undefined) expect(Number.isInteger(number) && number < 2 ** 63, `${line}`).toBe(true);
        }
        for (const number of [exported.duration, exported.event?.duration]) {
          if (number !== undefined) expect(number, `${line}`).toBeGreaterThanOrEqual(0);
        }
      }
    });
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(FUZZ_INPUTS / 50);
  });

  it('MO-08 have the lines that they have, wherever the reads of the disk end', FUZZ_TIMEOUT, async () => {
    const { path } = auditFolder();
    await eachInput(async (random, input) => {
      // Each one is a file on the disk.
      if (input % 20 !== 0) return;
      const near = random.pick([0, 65_536, 1_048_576]) - 3 + random.below(7);
      const bytes = Buffer.concat([
        Buffer.alloc(Math.max(0, near), random.happens(0.5) ? 'x' : `${'x'.repeat(499)}\n`),
        Buffer.from(anyText(random, 60)),
      ]);
      writeFileSync(path, bytes);
      const expected = bytes.toString('latin1').split('\n');
      if (expected.at(-1) === '') expected.pop();
      const lines: (string | undefined)[] = [];
      for await (const line of linesOfFile(path, { option: 'The file' })) lines.push(line?.toString('latin1'));
      expect(lines.length).toBe(expected.length);
      const isSame = lines.every((line, at) => line === ((expected[at] ?? '').length > 1_048_576 ? undefined : expected[at])); // prettier-ignore
      expect(isSame).toBe(true);
    });
  });
});
