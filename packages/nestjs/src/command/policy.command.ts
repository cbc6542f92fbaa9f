import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compareLock } from '../policy-lock/compare-lock.js';
import { describePolicy } from '../policy-lock/describe-policy.js';
import { LOCK_FILE, writeLockFile, writeCommand } from '../policy-lock/lock-file.js';
import { policyAsyncApi } from '../policy-lock/policy-asyncapi.js';
import { policyMarkdown } from '../policy-lock/policy-markdown.js';
import type { PolicyChange } from '../policy-lock/policy-words.js';
import type { PolicyDocument } from '../policy-lock/policy-document.js';
import { policyTypes } from '../policy-lock/policy-types.js';
import { untoldSchemas } from '../policy-lock/untold-schemas.js';
import type { Command, CommandOutput } from './command.js';
import { withApplication } from './load-application.js';

/** What is printed in place of the changes. */
const FORMS: ReadonlyMap<string, (document: PolicyDocument) => string> = new Map([
  ['markdown', policyMarkdown],
  ['asyncapi', policyAsyncApi],
  ['types', policyTypes],
]);

const flag = { type: 'boolean' } as const;
const text = { type: 'string' } as const;

/** `secure-ws policy`: who may do what, in a file that a pull request changes. */
export const policyCommand: Command = {
  summary: 'who may do what: the policy lock, its changes in words, tables and types',
  help: `secure-ws policy [--module dist/app.module.js#AppModule] [--lock ${LOCK_FILE}] 
                 [--write | --check | --markdown | --asyncapi | --types]

Puts the application together without starting it, and says in words what it does otherwise than its policy lock says.
Constructors and factories of the application run; its lifecycle hooks do not, and nothing listens.

  --module    the compiled root module; default: secureWs.module in package.json
  --lock      the lock file; default: that of policyLock, else ${LOCK_FILE}
  --write     writes the lock file
  --check     for CI: ends with 1 where the lock file is missing or says anything else
  --markdown  prints the policy as tables
  --asyncapi  prints it as an AsyncAPI 3 document
  --types     prints the events as TypeScript types for clients`,

  async run(args, output) {
    const options = { module: text, lock: text, write: flag, check: flag, markdown: flag, asyncapi: flag, types: flag };
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false });
    const [way, second] = (['write', 'check', 'markdown', 'asyncapi', 'types'] as const).filter(
      (name) => values[name] === true,
    );
    if (second !== undefined) throw new TypeError(`--${way} and --${second} are two questions: ask one.`);
    await withApplication(values.module, ({ inspection, runtime: { options: resolved } }) => {
      const document = describePolicy({ inspection, options: resolved });
      const path = values.lock === undefined ? (resolved.policyLock?.path ?? resolve(LOCK_FILE)) : resolve(values.lock);
      const form = FORMS.get(way ?? '');
      if (form !== undefined) output.out(form(document).trimEnd());
      else if (way === 'write') write(path, document, output);
      else compare(path, document, way === 'check', output);
    });
  },
};

function write(path: string, document: PolicyDocument, { out, note }: CommandOutput): void {
  let changes: readonly PolicyChange[] = [];
  try {
    changes = compareLock(path, document)?.changes ?? [];
  } catch {
    // There is none yet, or one that is replaced for what it is.
  }
  writeLockFile(path, document);
  changes.forEach((change) => out(lineOf(change)));
  untoldSchemas(document).forEach((warning) => note(`warning: ${warning}`));
  note(`${basename(path)} is written. Commit it.`);
}

function compare(path: string, document: PolicyDocument, isCheck: boolean, { out, note }: CommandOutput): void {
  const drift = compareLock(path, document);
  if (drift === undefined) {
    note(`The application does what ${basename(path)} says.`);
    return;
  }
  drift.changes.forEach((change) => out(lineOf(change)));
  const remedy = `Write it with \`${writeCommand(path)}\`, and have the change reviewed.`;
  if (isCheck) throw new Error(`The application does not do what ${basename(path)} says. ${remedy}`);
  note(remedy);
}

function lineOf({ kind, text: words }: PolicyChange): string {
  return `${`${kind}:`.padEnd(10)}${words}`;
}
