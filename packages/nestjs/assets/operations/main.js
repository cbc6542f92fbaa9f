import { Actions } from './actions.js';
import { drawChart } from './chart.js';
import { OperationsConnection } from './connection.js';
import { byId } from './elements.js';
import { showBans, showConnections, showFigures, showLimited, showNotable, showReasons } from './tables.js';

const ROWS = 50;
const NOT_YET_MS = 250;

const query = { offset: 0, limit: ROWS, order: 'newest', search: '' };
let view;
let mayAct = false;
let chosen;
let isAsking = false;
let mustAskAgain = false;
let searchTimer;

const connection = new OperationsConnection(document.body.dataset.base, onState);
const actions = new Actions(connection, (text) => {
  notice(text);
  void askConnections();
});

function onState({ state, delayMs, mayAct: may }) {
  const seconds = Math.max(1, Math.round((delayMs ?? 0) / 1000));
  const texts = {
    connecting: 'Connecting',
    open: 'Connected',
    waiting: `Reconnecting in ${seconds} s`,
    ended: 'Ended',
  };
  byId('state').textContent = texts[state];
  if (state !== 'open') {
    if (state !== 'connecting') actions.close();
    if (state === 'ended') ended();
    return;
  }
  mayAct = may;
  byId('drain').hidden = !mayAct;
  connection.stream('ops.watch', show, onEnd);
}

function onEnd(refusal) {
  // Anything else has closed the connection, which comes back.
  if (refusal?.code === 'FORBIDDEN') connection.end();
}

/** The rights are gone: so is what they showed. */
function ended() {
  mayAct = false;
  byId('drain').hidden = true;
  document.querySelector('main').hidden = true;
  for (const id of ['rows', 'limited', 'bans', 'notable', 'reasons', 'minutes', 'figures']) byId(id).replaceChildren();
  notice('You may not see this page any more. Log in again, then reload it.');
}

function show(next) {
  view = next;
  connection.worked();
  showFigures(view);
  showRefusals();
  showNotable(view.notable, view.areAlertsOn);
  showLimited(view.limited);
  showBans(view.bans, mayAct, ({ who, number }) => actions.begin('unban', `Of ${who}.`, { banNumber: number }));
  void askConnections();
}

function showRefusals() {
  const one = view.refusals.series.find(({ kind }) => kind === chosen);
  if (one === undefined) chosen = undefined;
  const { bucketMs } = view.refusals;
  drawChart(
    { counts: (one ?? view.refusals).counts, bucketMs },
    one?.kind ?? 'All reasons',
    Date.parse(view.minuteStartedAt),
  );
  showReasons(view.refusals, chosen, (kind) => {
    chosen = chosen === kind ? undefined : kind;
    showRefusals();
  });
}

/** One request at a time: a slow answer must not pile up more. */
async function askConnections() {
  if (isAsking) {
    mustAskAgain = true;
    return;
  }
  isAsking = true;
  mustAskAgain = false;
  try {
    const page = await connection.request('ops.connections', query);
    query.offset = page.offset;
    showConnections(page, mayAct, (action, row) =>
      actions.begin(action, `${row.who}, from ${row.address}, on ${row.path}.`, { connectionId: row.connectionId }),
    );
  } catch (error) {
    // Too fast: the next figures ask again. What else there is shows as the state of the connection.
    if (error.code !== 'THROTTLED') mustAskAgain = false;
  } finally {
    isAsking = false;
  }
  if (mustAskAgain) setTimeout(() => void askConnections(), NOT_YET_MS);
}

function notice(text) {
  byId('notice').textContent = text;
  byId('notice').hidden = false;
}

function turn(by) {
  query.offset = Math.max(0, query.offset + by);
  void askConnections();
}

byId('previous').addEventListener('click', () => turn(-ROWS));
byId('next').addEventListener('click', () => turn(ROWS));
byId('order').addEventListener('change', ({ target }) => {
  Object.assign(query, { order: target.value, offset: 0 });
  void askConnections();
});
byId('search').addEventListener('input', ({ target }) => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => {
    Object.assign(query, { search: target.value.trim(), offset: 0 });
    void askConnections();
  }, NOT_YET_MS);
});
byId('query').addEventListener('submit', (submit) => submit.preventDefault());
byId('drain').addEventListener('click', () => actions.begin('drain', 'Every connection of this node.'));

void connection.connect();
