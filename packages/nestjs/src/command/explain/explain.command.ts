import { parseArgs } from 'node:util';
import type { Command, CommandOutput } from '../command.js';
import { withAssembled } from '../load-application.js';
import { printableJson } from '../printable.js';
import { findInAudit } from './audit-trail.js';
import { explainIn } from './explain-in.js';
import { explanationLines, recordLines, tellRecord } from './explanation-text.js';

/** The message would be refused, or was. */
const REFUSED_STATUS = 3;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

/** `secure-ws explain`: why a message is refused, and what would change it. */
export const explainCommand: Command = {
  summary: 'tell why a message would be refused, or was, and what would change it',
  help: `secure-ws explain --event order.place --as alice.json [--data order.json] [--gateway OrdersGateway]
                  [--path /orders] [--subprotocol NAME] [--module dist/app.module.js#AppModule | --main dist/main.js]
                  [--json]
secure-ws explain --correlation ID --audit audit.jsonl [--json]

Runs one message through the very checks that it would take, and tells the verdict of each with the line that would
change it. The handler is not called; nothing is sent, charged or audited. The onModuleInit hooks of the application
run, and its policies do, for real: point them at a database that may be read.

  --event        the event of the message
  --as           a file with the principal: { "issuer": "https://id.example.com", "id": "alice", "roles": ["trader"] };
                 { "kind": "anonymous" } is nobody
  --data         a file with the payload, as JSON (default: none)
  --gateway      the class of the gateway, and --path its path, where several handle the event
  --subprotocol  what the connection has negotiated (default: none)
  --module       the compiled file and the name of the root module in it (default: "secureWs.module" of package.json)
  --main         the compiled main.ts instead: it runs up to app.listen() or app.init(), which do not happen
  --correlation  the correlationId of an error frame, found in the file that --audit names
  --json         print JSON

Exit status: 0 the handler would be called, 1 the command failed or nothing was found, 2 wrong arguments, 3 refused.`,

  async run(args, output) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ event: TEXT, as: TEXT, data: TEXT, gateway: TEXT, path: TEXT, subprotocol: TEXT },
        ...{ module: TEXT, main: TEXT, correlation: TEXT, audit: TEXT, json: FLAG },
      },
      allowPositionals: false,
    });
    const { correlation, audit, json, module, main, ...message } = values;
    if (correlation !== undefined || audit !== undefined) {
      const others = Object.values({ ...message, module, main }).filter((value) => value !== undefined);
      if (correlation === undefined || audit === undefined || others.length > 0) {
        throw new TypeError('--correlation and --audit belong together, and nothing but --json beside them.');
      }
      return explainRecord(correlation, audit, json, output);
    }
    const { event, as, data, gateway, path, subprotocol } = message;
    if (event === undefined || as === undefined) throw new TypeError('--event and --as are needed.');
    const told = await withAssembled({ module, main }, (assembled) =>
      explainIn(assembled, { event, as, data, gateway, path, subprotocol }),
    );
    if (json) output.out(printableJson(told));
    else for (const line of explanationLines(told)) output.out(line);
    return told.outcome === 'allowed' ? 0 : REFUSED_STATUS;
  },
};

async function explainRecord(id: string, audit: string, json: boolean, { out, note }: CommandOutput): Promise<number> {
  if (!/^[\w-]{1,64}$/.test(id)) throw new TypeError('--correlation takes the correlationId of an error frame.');
  const { records, skipped } = await findInAudit(audit, id);
  if (skipped > 0) note(`${skipped} line${skipped === 1 ? ' is' : 's are'} no event, and skipped.`);
  if (records.length === 0) {
    note(`Nothing in ${audit} has the correlationId ${id}.`);
    return 1;
  }
  if (json) out(printableJson(records.map((record) => ({ record, ...tellRecord(record) }))));
  else for (const line of records.flatMap(recordLines)) out(line);
  return REFUSED_STATUS;
}
