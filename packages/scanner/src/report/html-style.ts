/** How the HTML report looks: on a screen, light or dark, and on paper. */
export const HTML_STYLE = `
:root { color-scheme: light dark; --text: #1b2127; --muted: #5b6570; --line: #d5dade; --sunken: #f2f4f6; --page: #fff;
  --critical: #a3122a; --high: #b3401a; --medium: #86610a; --low: #33618f; --good: #17663c; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --muted: #a5aeb7; --line: #3a424a; --sunken: #20262c; --page: #14181c;
  --critical: #ff8a98; --high: #ffa27f; --medium: #e5bd5c; --low: #8fbdea; --good: #6fd09b; } }
* { box-sizing: border-box; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; align-items: center; }
header div { flex: 1 1 20rem; min-width: 0; }
h1 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { margin-top: 2rem; border-bottom: 1px solid var(--line); font-size: 1.2rem; }
h3 { margin: 0 0 .5rem; font-size: 1.05rem; }
h4 { margin: 1rem 0 .25rem; font-size: .95rem; }
.grade { margin: 0; padding: .25rem 1.1rem; border: 3px solid currentcolor; border-radius: 12px; font-size: 2.2rem; font-weight: 700; }
.grade-A, .grade-B { color: var(--good); } .grade-C, .grade-D { color: var(--medium); } .grade-E, .grade-F { color: var(--critical); }
.grade-none { font-size: 1.2rem; }
article { margin: 1rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 10px; break-inside: avoid; }
.severity { padding: .1rem .5rem; border: 1px solid currentcolor; border-radius: 6px; font-size: .85rem; }
.critical { color: var(--critical); } .high { color: var(--high); } .medium { color: var(--medium); } .low { color: var(--low); }
.ids, dd, footer { color: var(--muted); }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: .35rem .5rem; border-top: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: anywhere; }
thead th { border-top: 0; font-size: .85rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { overflow-x: auto; padding: .75rem; border-radius: 8px; background: var(--sunken); white-space: pre-wrap; overflow-wrap: anywhere; }
dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media print { :root { color-scheme: light; } body { max-width: none; padding: 0; font-size: 10pt; } }
`;
