import { byId, count, element } from './elements.js';

const SVG = 'http://www.w3.org/2000/svg';
const LEFT = 52;
const TOP = 12;
const BOTTOM = 180;
const HEIGHT = 220;

/** Draws the refusals of the last hour by minute: of all reasons, or of one. The same stands in words below, and in a table. */
export function drawChart({ counts, bucketMs }, label, minuteStart) {
  const chart = byId('chart');
  // As wide as it is shown, so that its texts are as large as all others.
  const width = Math.max(240, chart.clientWidth);
  chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  const right = width - 8;
  const most = niceMost(Math.max(0, ...counts));
  const step = (right - LEFT) / counts.length;
  const yOf = (value) => BOTTOM - (value / most) * (BOTTOM - TOP);
  const parts = [];
  for (const value of [0, most / 2, most]) {
    parts.push(shape('line', { class: 'grid', x1: LEFT, x2: right, y1: yOf(value), y2: yOf(value) }));
    parts.push(shape('text', { x: LEFT - 8, y: yOf(value) + 4, 'text-anchor': 'end' }, count(value)));
  }
  counts.forEach((value, index) => {
    if (value === 0) return;
    // Never so low that it cannot be seen.
    const height = Math.max(2, BOTTOM - yOf(value));
    const at = { x: LEFT + index * step + 1, y: BOTTOM - height, width: Math.max(1, step - 2), height, rx: 1 };
    const bar = shape('rect', { class: 'bar', ...at });
    bar.append(shape('title', {}, `${minuteText(index, counts, bucketMs, minuteStart)}: ${count(value)}`));
    parts.push(bar);
  });
  for (const [part, anchor] of [
    [0, 'start'],
    [0.5, 'middle'],
    [1, 'end'],
  ]) {
    if (part === 0.5 && width < 400) continue;
    const minutes = Math.round((counts.length * (1 - part) * bucketMs) / 60_000);
    const text = minutes === 0 ? 'now' : `${minutes} min ago`;
    const x = LEFT + (right - LEFT) * part;
    parts.push(shape('text', { x, y: BOTTOM + 20, 'text-anchor': anchor }, text));
  }
  parts.push(
    shape('text', { x: (LEFT + right) / 2, y: BOTTOM + 38, 'text-anchor': 'middle' }, 'Refused in each minute'),
  );
  chart.replaceChildren(...parts);
  byId('chart-text').textContent = inWords(counts, label, bucketMs, minuteStart);
  byId('minutes').replaceChildren(
    ...counts
      .map((value, index) => [value, index])
      .filter(([value]) => value > 0)
      .reverse()
      .map(([value, index]) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row', text: minuteText(index, counts, bucketMs, minuteStart) }),
          element('td', { className: 'number', text: count(value) }),
        ),
      ),
  );
}

function inWords(counts, label, bucketMs, minuteStart) {
  const total = counts.reduce((sum, value) => sum + value, 0);
  if (total === 0) return `No refusals in the last hour: ${label}.`;
  const most = Math.max(...counts);
  const when = minuteText(counts.lastIndexOf(most), counts, bucketMs, minuteStart);
  return `${label}: ${count(total)} refused in the last hour, ${count(counts.at(-1))} in this minute, at most ${count(most)} in the minute from ${when}.`;
}

function minuteText(index, counts, bucketMs, minuteStart) {
  const from = new Date(minuteStart - (counts.length - 1 - index) * bucketMs);
  return from.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}

/** The end of the axis: 2, 4, 10, 20, 40, 100, ... so that its middle is a whole number too. */
function niceMost(value) {
  for (let base = 1; ; base *= 10) for (const factor of [2, 4, 10]) if (value <= base * factor) return base * factor;
}

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}
