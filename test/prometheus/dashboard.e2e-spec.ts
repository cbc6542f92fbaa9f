import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const PATH = new URL('../../packages/nestjs/monitoring/grafana-dashboard.json', import.meta.url);
const DASHBOARD = readFileSync(PATH, 'utf8');

/** What Grafana's own schema, which it publishes as types, says of a dashboard. */
function faultsOf(dashboard: string): string[] {
  const name = fileURLToPath(new URL('dashboard.ts', import.meta.url));
  const text = `import type { Dashboard } from '@grafana/schema';\nexport const dashboard: Dashboard = ${dashboard};\n`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (file, languageVersion, ...rest) =>
    file === name ? ts.createSourceFile(name, text, languageVersion) : getSourceFile(file, languageVersion, ...rest);
  host.fileExists = (file) => file === name || fileExists(file);
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([name], options, host));
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('the dashboard', { timeout: 60_000 }, () => {
  it('MO-10 is what the schema of Grafana says', () => {
    expect(faultsOf(DASHBOARD)).toEqual([]);
  });

  it.each([
    ['a member that there is not', '"panels": [', '"pannels": ['],
    ['a variable of no kind', '"type": "datasource"', '"type": "data"'],
    ['a place that is a text', '"w": 12', '"w": "12"'],
    ['a panel without a type', '"type": "timeseries",', ''],
  ])('MO-10 would be refused with %s', (_, right, wrong) => {
    expect(DASHBOARD).toContain(right);
    expect(faultsOf(DASHBOARD.replace(right, wrong))).not.toEqual([]);
  });
});
