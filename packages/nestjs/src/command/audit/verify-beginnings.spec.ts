import { describe, expect, it } from 'vitest';
import { auditFolder, rewrite } from '../../../../../test/support/audit-folder.js';
import { run, START, verify } from '../../../../../test/support/audit-run.js';
import { NO_HASH, writeChainLine } from '../../events/chain/chain-line.js';

const MINUTE = 60_000;

describe('secure-ws audit verify: a trail whose beginning was removed', () => {
  it('MO-08 is found out who cuts it at a start, and puts records behind that which nothing has signed', async () => {
    const audit = auditFolder();
    await run(audit, 5);
    await run(audit, 5, { from: START + MINUTE });
    let prev = NO_HASH;
    const madeUp = [7, 8, 9].map((seq) => {
      const event = { type: 'ws.operator.acted', time: new Date(START + MINUTE).toISOString() };
      const { line, hash } = writeChainLine(JSON.stringify(event), { id: 'A'.repeat(22), seq, prev });
      prev = hash;
      return line;
    });
    rewrite(audit.path, (lines) => {
      const [start = '', ...rest] = lines.slice(lines.findLastIndex((line) => line.includes('audit.start')));
      return [start, ...madeUp, ...rest];
    });
    const { status, text } = await verify(audit);
    expect(text).toMatch(/UNKNOWN not-given +audit.jsonl:2: records 7 to 9 of chain A+ are signed by nothing here/);
    expect(status).toBe(3);
  });
});
