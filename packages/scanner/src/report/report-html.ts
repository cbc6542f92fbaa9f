import { SEVERITIES } from '../checks/check.js';
import { COLUMN_TITLES, type Matrix } from '../matrix/matrix.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { escapeMarkup } from './escape-markup.js';
import { packageVersion } from './package-version.js';
import { HTML_STYLE } from './html-style.js';
import type { RemediationFor } from './report-text.js';
import { spokenOf } from './spoken.js';
import { visibleText } from './visible-text.js';

/**
 * A result as one HTML file that can be mailed and printed. It holds no script and loads nothing, which its own
 * Content-Security-Policy says as well: a report about a hostile server is opened by somebody with an account of worth.
 */
export function htmlReport(result: ScanResult, remediationFor: RemediationFor): string {
  const { target, baseline, dialect, outcomes, matrix, grade, spent } = result;
  const of = (outcome: CheckOutcome['outcome']): CheckOutcome[] => outcomes.filter((one) => one.outcome === outcome);
  const findings = of('finding').sort(
    (one, other) => SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${shown(`Scan of ${target}`)}</title>
<style>${HTML_STYLE}</style>
</head>
<body>
<header>
<p class="grade grade-${grade.letter ?? 'none'}"><span class="hidden">Grade </span>${grade.letter ?? 'No grade'}</p>
<div>
<h1>${shown(target)}</h1>
<p>${grade.points} points; ${grade.tested} of ${grade.total} checks were done; ${dialect === undefined ? '' : `the server ${shown(spokenOf(result))}; `}${spent.connections} connections, ${spent.messages} messages.</p>
${baseline.isAccepted ? '' : `<p>${shown(baseline.says)}</p>\n`}</div>
</header>
<main>
<h2>Found (${findings.length})</h2>
${findings.length === 0 ? '<p>Nothing was found.</p>' : findings.map((one) => findingOf(one, remediationFor)).join('\n')}
${matrix === undefined ? '' : matrixOf(matrix)}
${listOf('Not tested', 'Not tested is not passed: each line says what is missing.', of('not-tested'))}
${listOf('Passed', 'The server was seen doing the right thing.', of('passed'))}
</main>
<footer><p>secure-ws-scan ${packageVersion()}</p></footer>
</body>
</html>`;
}

function findingOf(
  { check, title, severity, confidence, says, cwe, asvs, requirements, evidence, remediation }: CheckOutcome,
  remediationFor: RemediationFor,
): string {
  return `<article>
<h3><span class="severity ${severity}">${severity}</span> ${shown(title)}</h3>
<p>${shown(says)}</p>
<p class="ids"><code>${check}</code> · ${confidence} · CWE-${cwe} · ASVS 5.0 ${asvs} · ${requirements.join(', ')}</p>
<table>
<thead><tr><th scope="col">Sent</th><th scope="col">Came</th></tr></thead>
<tbody>
${evidence.map(({ sent, got }) => `<tr><td><code>${shown(sent)}</code></td><td><code>${shown(got)}</code></td></tr>`).join('\n')}
</tbody>
</table>
<h4>What to write</h4>
<pre>${escapeMarkup(remediation[remediationFor])}</pre>
</article>`;
}

function matrixOf({ columns, rows }: Matrix): string {
  const head = columns.map((who) => `<th scope="col">${COLUMN_TITLES[who]}</th>`).join('');
  const lines = rows.map(({ event, message, declared, reactions }) => {
    const cells = columns.map((who) => `<td>${reactions[who]?.kind ?? ''}</td>`).join('');
    return `<tr><th scope="row"><code>${shown(event ?? message)}</code></th>${cells}<td>${shown(declared ?? 'no lock given')}</td></tr>`;
  });
  return `<h2>Who may send what</h2>
<table>
<thead><tr><th scope="col">Event</th>${head}<th scope="col">Declared</th></tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>`;
}

function listOf(title: string, says: string, outcomes: readonly CheckOutcome[]): string {
  if (outcomes.length === 0) return '';
  const lines = outcomes.map(({ check, says: why }) => `<dt><code>${check}</code></dt><dd>${shown(why)}</dd>`);
  return `<h2>${title} (${outcomes.length})</h2>\n<p>${says}</p>\n<dl>\n${lines.join('\n')}\n</dl>`;
}

const shown = (text: string): string => escapeMarkup(visibleText(text));
