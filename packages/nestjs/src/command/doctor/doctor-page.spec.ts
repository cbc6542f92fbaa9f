import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DOCTOR_RULES } from './diagnose.js';

const PAGE = readFileSync(new URL('../../../../../docs/guide/doctor.md', import.meta.url), 'utf8');

it('docs/guide/doctor.md says of each rule what it is, how bad, and why', () => {
  const told = [...PAGE.matchAll(/^### (.+)\n\n(.+)$/gm)].map(([, id, text]) => [id, text]);
  expect(told).toEqual(DOCTOR_RULES.map(({ id, severity, title, why }) => [id, `**${severity}**: ${title}. ${why}`]));
});
