import { byId, bytes, cell, count, dateTime, duration, element, time } from './elements.js';

/** Puts rows into a table, or one that says that there are none. Whoever has the focus keeps it. */
function fill(id, rows, columns, nothing) {
  const body = byId(id);
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const empty = element('tr', {}, element('td', { colSpan: columns, className: 'muted', text: nothing }));
  body.replaceChildren(...(rows.length > 0 ? rows : [empty]));
  if (focused === undefined) return;
  const same = [...body.querySelectorAll('button')].find(({ dataset }) => dataset.key === focused);
  // Where it is gone, with its connection or its ban, the table itself is next; one without rows may be hidden.
  (same ?? (rows.length > 0 ? body.closest('[tabindex]') : byId('connections-title'))).focus();
}

function button(text, label, key, onClick, properties = {}) {
  const made = element('button', { type: 'button', text, 'aria-label': label, ...properties });
  made.dataset.key = key;
  made.addEventListener('click', onClick);
  return made;
}

/** The figures of the node. */
export function showFigures(view) {
  const figures = [
    ['Connections', count(view.connections)],
    ['Refused in the last hour', count(view.refusals.total)],
    ['New connections', view.isDraining ? 'Not admitted: draining' : view.isReady ? 'Admitted' : 'Not admitted'],
    ['Load', view.isShedding ? 'Too high: shedding' : 'Normal'],
    ['Audit', view.areSinksHealthy ? 'Written' : 'Not written'],
    ...view.connectionsByPath.map(({ path, connections }) => [`Connections to ${path}`, count(connections)]),
  ];
  byId('figures').replaceChildren(
    ...figures.map(([term, text]) => element('div', {}, element('dt', { text: term }), element('dd', { text }))),
  );
}

/** The reasons, beside the chart: `chosen` is shown in it. */
export function showReasons({ series }, chosen, onChoose) {
  const rows = series.map(({ kind, total }) => {
    const pressed = { className: 'reason', 'aria-pressed': String(kind === chosen) };
    const choose = button(kind, `${kind}: show in the chart`, kind, () => onChoose(kind), pressed);
    return element('tr', {}, element('td', {}, choose), cell(count(total), 'number'));
  });
  fill('reasons', rows, 2, 'No refusals.');
}

/** Alerts and what operators did. */
export function showNotable(events, areAlertsOn) {
  byId('no-notable').hidden = events.length > 0 && areAlertsOn;
  byId('no-notable').textContent = areAlertsOn
    ? 'No alerts, and no acts of operators, since this node started.'
    : 'Nothing is watched for alerts: SecureWsModule has no `alerts`.';
  byId('notable').replaceChildren(
    ...events.map(({ time: at, type, level, fields }) => {
      const text = Object.entries(fields)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ');
      const line = element('li', { className: level });
      line.append(element('strong', { text: type }), ` at ${time(at)}${text === '' ? '' : `: ${text}`}`);
      return line;
    }),
  );
}

export function showLimited(clients) {
  const rows = clients.map(({ kind, who, reason, isPenalised, times, lastSeen }) =>
    element(
      'tr',
      {},
      cell(who),
      cell(kind),
      cell(reason),
      cell(isPenalised ? 'Penalised' : 'Throttled'),
      cell(count(times), 'number'),
      cell(time(lastSeen)),
    ),
  );
  fill('limited', rows, 6, 'Nobody met a limit.');
}

export function showBans(bans, mayAct, onEnd) {
  const rows = bans.map((ban) => {
    const end = button('End the ban', `End the ban of ${ban.who}`, `unban ${ban.number}`, () => onEnd(ban));
    end.disabled = !mayAct;
    return element('tr', {}, cell(ban.who), cell(dateTime(ban.until)), cell(ban.reason), element('td', {}, end));
  });
  // Filled before it is hidden: what is hidden has no focus to hand on.
  fill('bans', rows, 4, 'None.');
  byId('bans-section').hidden = rows.length === 0;
}

const ACTIONS = [
  ['disconnect', 'Disconnect'],
  ['revoke', 'Revoke'],
  ['ban', 'Ban'],
];

/** One page of the connections. */
export function showConnections({ rows, total, offset }, mayAct, onAct) {
  byId('action-head').hidden = !mayAct;
  const shown = rows.map((row) => {
    const line = element(
      'tr',
      {},
      cell(row.isOwn ? `${row.who} (you)` : row.isAnonymous ? `anonymous ${row.who}` : row.who),
      cell(row.origin === undefined ? row.address : `${row.address}, page of ${row.origin}`),
      cell(row.path),
      cell(duration(row.ageMs), 'number'),
      cell(`${count(row.messagesReceived)} / ${count(row.messagesSent)}`, 'number'),
      cell(`${bytes(row.bytesReceived)} / ${bytes(row.bytesSent)}`, 'number'),
    );
    if (mayAct) {
      // One without an identity of its own would come back as somebody else; and nobody lets themselves in again.
      const possible = row.isAnonymous || row.isOwn ? ACTIONS.slice(0, 1) : ACTIONS;
      const buttons = possible.map(([action, text]) =>
        button(text, `${text} ${row.who} on ${row.path}`, `${action} ${row.connectionId}`, () => onAct(action, row)),
      );
      line.append(element('td', {}, ...buttons));
    }
    return line;
  });
  fill('rows', shown, 7, 'No connection matches.');
  const last = offset + rows.length;
  const range = total === 0 ? 'No connections' : `${count(offset + 1)} to ${count(last)} of ${count(total)}`;
  // A status is read out when it changes.
  if (byId('range').textContent !== range) byId('range').textContent = range;
  byId('previous').disabled = offset === 0;
  byId('next').disabled = last >= total;
}
