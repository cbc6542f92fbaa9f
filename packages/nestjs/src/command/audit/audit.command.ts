import { parseArgs } from 'node:util';
import type { Command } from '../command.js';
import { exportTrail } from './export-trail.js';
import { verifyTrail } from './verify-trail.js';

/** `secure-ws audit`: whether an audit trail is what was written, and what other systems call what stands in it. */
export const auditCommand: Command = {
  summary: 'verify the files of an audit trail, or export them as OCSF or ECS',
  help: `secure-ws audit verify FILES... --public-key KEY.pem [--public-key OLDER.pem] [--max-age SECONDS]
                  [--complete] [--remember HEADS.json] [--json]
secure-ws audit export FILES... --format ocsf|ecs

verify reads the files of a FileSink with "chain", oldest first (audit.*.jsonl audit.jsonl), and names each line that was
edited, removed, added, reordered or replaced, and each gap. It needs the public key, and never the private one.
What was written after the last signed record can be cut off unseen: the report says how much that is at most, and
--max-age and --remember narrow it down.

  --public-key  an Ed25519 public key in PEM: openssl pkey -in key.pem -pubout. Several, where the key has changed: that
                of today first, with which the last signed record of each node must be signed, and older ones behind it
  --max-age     how old the last signed record of each node may be, in seconds: an application that runs signs every
                minute
  --complete    the files must go back to the first record: without it, older ones may have been removed
  --remember    a file that keeps how far each chain went; it is written when nothing is wrong, and the next run finds
                what was there then and is there no more
  --json        print JSON

export prints each event as one line of JSON: as a class of OCSF 1.5, or with the fields of the Elastic Common Schema 8.
It verifies nothing. Lines that are not events of this release are skipped and counted.

Exit status: 0 it is what was written, 1 the command failed, 2 wrong arguments or a file that cannot be read,
3 something is wrong with the trail, or the files that would tell are not there.`,

  async run([action, ...args], output) {
    const text = { type: 'string' } as const;
    if (action === 'verify') {
      const { values, positionals: files } = parseArgs({
        args,
        options: {
          'public-key': { type: 'string', multiple: true },
          'max-age': text,
          complete: { type: 'boolean', default: false },
          remember: text,
          json: { type: 'boolean', default: false },
        },
        allowPositionals: true,
      });
      const { 'public-key': keys = [], 'max-age': maxAge, complete, remember, json } = values;
      return verifyTrail({ files, keys, maxAge, isComplete: complete, remember, json }, output);
    }
    if (action === 'export') {
      const { values, positionals: files } = parseArgs({ args, options: { format: text }, allowPositionals: true });
      return exportTrail({ files, format: values.format }, output);
    }
    throw new TypeError('secure-ws audit takes verify or export.');
  },
};
