import { ProxyFeed } from './connection.js';
import { byId, element, time } from './elements.js';

const MAX_LINES = 500;

/** What is known of each message, by its number. */
const lines = new Map();
let connections = [];
let wanted;

const feed = new ProxyFeed(
  (told) => handlers[told.kind]?.(told),
  (state) => {
    byId('state').textContent = state;
    if (state !== 'Connected') byId('editor').close();
  },
);

const handlers = {
  begin({ target, lines: known, ...state }) {
    byId('target').textContent = target;
    lines.clear();
    byId('log').replaceChildren();
    byId('held').replaceChildren();
    for (const line of known) show(line);
    showState(state);
  },
  line: ({ line }) => show(line),
  note({ connection, text, ...state }) {
    byId('log').prepend(
      element('li', { className: 'note', text: connection === undefined ? text : `#${connection} ${text}` }),
    );
    trim();
    showState(state);
  },
  said({ says, ...state }) {
    byId('said').textContent = says;
    showState(state);
  },
  text: openEditor,
};

function showState({ connections: open, breaksOn }) {
  connections = open;
  byId('unbreak').hidden = breaksOn === null;
  const way = { 'to-server': ' to the server', 'to-client': ' to the client' }[breaksOn?.direction] ?? '';
  byId('break-state').textContent =
    breaksOn === null
      ? 'Only what a rule holds is held.'
      : `Held is every message${way}${breaksOn.contains === undefined ? '' : ` that contains ${breaksOn.contains}`}.`;
}

function show(line) {
  const before = lines.get(line.id);
  lines.set(line.id, line);
  const item = itemOf(line);
  const shown = byId(`message-${line.id}`);
  if (shown === null) byId('log').prepend(item);
  else shown.replaceWith(item);
  filterItem(item);
  trim();
  if (line.state === 'held') byId('held').append(heldOf(line));
  else if (before?.state === 'held') removeHeld(line.id);
  countHeld();
}

function removeHeld(id) {
  const item = byId(`held-${id}`);
  // Whoever works by keyboard goes on with the next one, and not from the top of the page.
  const next = item.contains(document.activeElement) && (item.nextElementSibling ?? item.previousElementSibling);
  const hadFocus = item.contains(document.activeElement);
  item.remove();
  if (hadFocus) (next?.querySelector?.('button') ?? byId('held-title')).focus();
}

function countHeld() {
  const count = byId('held').childElementCount;
  byId('held-count').textContent = String(count);
  byId('held-none').hidden = count > 0;
  byId('log-none').hidden = byId('log').childElementCount > 0;
  document.title = count === 0 ? 'WebSocket proxy' : `(${count}) WebSocket proxy`;
}

function trim() {
  while (byId('log').childElementCount > MAX_LINES) byId('log').lastElementChild.remove();
  if (lines.size > MAX_LINES) lines.delete(lines.keys().next().value);
}

function headOf({ id, connection, direction, time: at, state, why }) {
  const way = direction === 'to-server' ? 'to the server' : 'to the client';
  const said = [state === 'passed' ? '' : state, why].filter((part) => part !== '').join(': ');
  return element(
    'p',
    { className: 'head' },
    element('span', { className: `way ${direction}`, text: way }),
    element('span', { text: ` ${id} on #${connection}, ${time(at)}` }),
    ...(said === '' ? [] : [element('strong', { className: 'said', text: said })]),
  );
}

function itemOf(line) {
  const again = button('Send again', `Send message ${line.id} again`, () => ask(line, 'replay'));
  return element(
    'li',
    { id: `message-${line.id}`, className: `message ${line.direction}` },
    headOf(line),
    element('pre', { text: line.shown }),
    element('div', { className: 'actions' }, again),
  );
}

function heldOf(line) {
  const { id } = line;
  return element(
    'li',
    { id: `held-${id}`, className: `message ${line.direction}` },
    headOf(line),
    element('pre', { text: line.shown }),
    element(
      'div',
      { className: 'actions' },
      button('Forward', `Forward message ${id}`, () => feed.send({ do: 'forward', id })),
      button('Edit', `Edit message ${id}`, () => ask(line, 'edit')),
      button('Drop', `Drop message ${id}`, () => feed.send({ do: 'drop', id })),
    ),
  );
}

function button(text, label, onclick) {
  return element('button', { type: 'button', text, ariaLabel: label, onclick });
}

/** The log shows messages cut and without credentials: the whole one is fetched first. */
function ask({ id }, what) {
  wanted = { id, do: what };
  feed.send({ do: 'show', id });
}

function openEditor({ id, isBinary, text }) {
  if (wanted?.id !== id || byId('editor').open) return;
  const isReplay = wanted.do === 'replay';
  const canChange = text !== null;
  if (!canChange && !isReplay) {
    byId('said').textContent = `${id} is gone, or too large to be edited here.`;
    return;
  }
  byId('editor-title').textContent = isReplay ? `Send message ${id} again` : `Edit message ${id}`;
  byId('editor-label').textContent = isBinary ? 'Message, in base64' : 'Message';
  byId('editor-text').value = text ?? '';
  byId('editor-text').disabled = !canChange;
  byId('editor-send').textContent = isReplay ? 'Send' : 'Forward it like this';
  for (const name of ['times', 'connection']) byId(`editor-${name}-label`).hidden = !isReplay;
  byId('editor-times').value = '1';
  const own = lines.get(id)?.connection;
  byId('editor-connection').replaceChildren(
    ...connections.map((one) => element('option', { value: String(one), text: `#${one}`, selected: one === own })),
  );
  byId('editor').returnValue = 'cancel';
  wanted = { ...wanted, text };
  byId('editor').showModal();
  byId('editor-text').focus();
}

byId('editor').addEventListener('close', () => {
  const { id, do: what, text: before } = wanted ?? {};
  wanted = undefined;
  if (id === undefined || byId('editor').returnValue !== 'send') return;
  const text = byId('editor-text').value;
  if (what === 'edit') return feed.send({ do: 'edit', id, text });
  const connection = Number(byId('editor-connection').value);
  const changed = before === null || text === before ? {} : { text };
  feed.send({
    do: 'replay',
    id,
    times: Number(byId('editor-times').value),
    ...(connection > 0 && { connection }),
    ...changed,
  });
});

byId('break').addEventListener('submit', (event) => {
  event.preventDefault();
  const [direction, contains] = [byId('break-direction').value, byId('break-text').value];
  feed.send({ do: 'break', ...(direction !== '' && { direction }), ...(contains !== '' && { contains }) });
});
byId('unbreak').addEventListener('click', () => {
  feed.send({ do: 'unbreak' });
  byId('break-text').focus();
});

function filterItem(item) {
  const text = byId('filter').value.toLowerCase();
  item.hidden = text !== '' && !item.textContent.toLowerCase().includes(text);
}
byId('filter').addEventListener('input', () => {
  for (const item of byId('log').children) filterItem(item);
});
