import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from '../command.js';
import { withAssembled } from '../load-application.js';
import { printableJson } from '../printable.js';
import { diagnose } from './diagnose.js';
import { type Finding, SEVERITIES, type Severity } from './finding.js';
import { readFacts } from './read-facts.js';
import { sarifReport } from './report-sarif.js';
import { reportLines } from './report-text.js';

/** Findings that the caller asked to fail on. */
const FOUND_STATUS = 3;

/** `secure-ws doctor`: what is weak, contradictory or a trap in an application. */
export const doctorCommand: Command = {
  summary: 'find what is weak, contradictory or a trap in the application',
  help: `secure-ws doctor [--module dist/app.module.js#AppModule | --main dist/main.js] [--json | --sarif]
                 [--fail-on error|warning|note|never]

Puts the application together without starting it, and tells what the boot would only warn of and what the traps
of Nest, proxies and CORS are: a rule, how bad it is, the place, and the line to write.

  --module   the compiled file and the name of the root module in it (default: "secureWs.module" of package.json)
  --main     the compiled main.ts instead: it runs up to app.listen() or app.init(), which do not happen. Only so
             enableCors(), useGlobalPipes(), "trust proxy" and the like of a main.ts are seen
  --json     print JSON
  --sarif    print SARIF 2.1.0, for code scanning
  --fail-on  from which severity on the exit status is 3 (default: warning)

Run it with the environment of the server: NODE_ENV=production decides what is demanded.

Exit status: 0 nothing as bad as --fail-on, 1 the application cannot be put together, 2 wrong arguments, 3 found.`,

  async run(args, { out, note }) {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      args: [...args],
      options: { module: text, main: text, 'fail-on': text, json: flag, sarif: flag },
      allowPositionals: false,
    });
    const { module, main, json, sarif } = values;
    if (json && sarif) throw new TypeError('--json and --sarif are two forms of one report: give one of them.');
    const threshold = readThreshold(values['fail-on'] ?? 'warning');
    const { findings, file } = await withAssembled({ module, main }, (assembled) => ({
      findings: diagnose(readFacts(assembled, main !== undefined)),
      file: assembled.file,
    }));
    if (sarif) out(printableJson(sarifReport(findings, relative(process.cwd(), file))));
    else if (json) out(printableJson({ findings }));
    else for (const line of reportLines(findings)) out(line);
    if (main === undefined) {
      note(
        'main.ts has not run: what it says to app.enableCors(), useGlobalPipes() and the like is not seen (--main).',
      );
    }
    return findings.some((finding) => isAsBadAs(finding, threshold)) ? FOUND_STATUS : 0;
  },
};

function readThreshold(text: string): Severity | 'never' {
  const known = [...SEVERITIES, 'never'] as const;
  const threshold = known.find((word) => word === text);
  if (threshold === undefined) throw new TypeError(`--fail-on is one of ${known.join(', ')}.`);
  return threshold;
}

function isAsBadAs({ severity }: Finding, threshold: Severity | 'never'): boolean {
  return threshold !== 'never' && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}
