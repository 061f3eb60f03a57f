"""How the page looks, on a screen, a phone and paper, by day and by night; and the script that knows the time."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa;
  --good: #1a7f37; --idle: #8c959f; --bad: #cf222e; --busy: #0969da; --warn: #9a6700; --warn-paper: #fff8c5; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d;
  --panel: #161b22; --good: #3fb950; --idle: #6e7681; --bad: #f85149; --busy: #58a6ff; --warn: #d29922;
  --warn-paper: #2b2411; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif; }
h1 { margin: .5rem 0 0; font-size: 1.9rem; line-height: 1.25; font-weight: 650; text-wrap: balance; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
p { margin: .5rem 0; }
a { color: var(--busy); }
code, pre { font: .85em/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; }
code, pre, td, dd { overflow-wrap: anywhere; }
pre { margin: .4rem 0 0; padding: .5rem .65rem; white-space: pre-wrap; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; }
.job { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
.state { display: inline-block; padding: .1rem .7rem; border-radius: 999px; border: 1.5px solid; font-weight: 600;
  margin-right: .5rem; }
.running { color: var(--busy); } .finished { color: var(--good); } .stopped, .troubled { color: var(--warn); }
.soft { color: var(--soft); }
.lead { font-size: 1.1rem; }
.stale { padding: .75rem 1rem; border-left: 5px solid var(--warn); background: var(--warn-paper); border-radius: 4px; }
.bar { display: block; width: 100%; height: 1.1rem; margin: 1.1rem 0 .4rem; border-radius: 6px; }
.bar .ground { fill: var(--line); } .bar .published { fill: var(--good); } .bar .skipped { fill: var(--idle); }
.bar .failed { fill: var(--bad); } .bar .work { fill: var(--busy); }
dl { margin: 0; display: grid; gap: .75rem; }
dl.counts { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); margin-top: 1rem; }
dl.figures { grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
dl > div { padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
dt { color: var(--soft); font-size: .9rem; }
dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
dl.counts dd { font-size: 1.7rem; line-height: 1.2; }
dd small { display: block; font-size: .875rem; font-weight: 400; color: var(--soft); }
.key { display: inline-block; width: .7rem; height: .7rem; margin-right: .4rem; border-radius: 3px;
  background: var(--line); }
.key.published { background: var(--good); } .key.skipped { background: var(--idle); }
.key.failed { background: var(--bad); }
dd.bad { color: var(--bad); }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .55rem .75rem .55rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .9rem; }
th.count, td.count { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody th { font-weight: 600; } th p { font-weight: 400; margin: .1rem 0 0; }
table.classes th:first-child { width: 26%; } th.count, td.count { padding-right: 1.5rem; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--busy); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) {
  body { padding: 1rem .9rem 3rem; } h1 { font-size: 1.45rem; }
  dl.counts { grid-template-columns: 1fr 1fr; }
  dl.figures { grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); }
  table.classes th:first-child { width: auto; } dd { font-size: 1.1rem; }
  table, thead, tbody, tr, th, td, caption { display: block; }
  thead { position: absolute; clip-path: inset(50%); }
  tr { border-top: 1px solid var(--line); padding: .5rem 0; } th, td { border: 0; padding: .1rem 0; }
  td.count { text-align: left; } td.count::after { content: " " attr(data-unit); }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #333; --line: #bbb; --panel: #fff; --good: #1a7f37; --idle: #8c959f;
    --bad: #a40e26; --busy: #0550ae; --warn: #6b4700; --warn-paper: #fff; }
  body { max-width: none; padding: 0; font-size: 10.5pt; } h1 { font-size: 18pt; }
  dl > div, tr, pre { break-inside: avoid; } h2 { break-after: avoid; }
  .bar, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

SCRIPT = """
'use strict';
const said = date => date.toLocaleString([], {weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit',
  minute: '2-digit'});
for (const time of document.querySelectorAll('time')) {
  time.title = time.dateTime;
  time.textContent = said(new Date(time.dateTime));
}
const stale = document.querySelector('.stale');
const check = () => {
  const minutes = (Date.now() - new Date(stale.dataset.updated)) / 60000;
  if (minutes < 2) return;
  const hours = Math.floor(minutes / 60);
  stale.querySelector('b').textContent = hours ? `${hours} h ${Math.floor(minutes % 60)} min` :
    `${Math.floor(minutes)} min`;
  stale.hidden = false;
};
if (stale) { check(); setInterval(check, 5000); }
"""
