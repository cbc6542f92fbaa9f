import { type Dialect, fieldsOf, jsonObject, WITHOUT_OPENING } from './dialect.js';

/** Ends each record. */
const END = '\u001e';
const COMPLETION = 3;
const STREAM_ITEM = 2;
const PING = 6;
const CLOSE = 7;

/**
 * SignalR of ASP.NET Core, in JSON (aspnetcore, src/SignalR/docs/specs/HubProtocol.md). A WebSocket without an id from a
 * negotiation is a new connection: none is needed.
 */
export const SIGNALR: Dialect = {
  ...WITHOUT_OPENING,
  id: 'signalr',
  opening: () => [`{"protocol":"json","version":1}${END}`],
  // An empty record, with its end: a server that sends back what comes, or `{}` to everything, sends none.
  opened: (frames) => {
    const [first] = frames.filter((frame) => frame.includes(END)).flatMap(recordsOf);
    const { error, ...others } = first ?? {};
    if (first === undefined || Object.keys(others).length > 0) return 'unanswered';
    return error === undefined ? 'taken' : 'refused';
  },
  isOwn: (message) => {
    const { type, target, protocol, version } = recordsOf(message)[0] ?? {};
    const isInvocation = [1, 4].includes(Number(type)) && typeof target === 'string';
    return isInvocation || (typeof protocol === 'string' && typeof version === 'number' && message.includes(END));
  },
  message: (event, data) => invocation({ invocationId: '1', target: event, arguments: [data] }),
  eventOf: (message) => {
    const { target } = recordsOf(message)[0] ?? {};
    return typeof target === 'string' ? target : undefined;
  },
  renamed: (message, target) => changed(message, { target }),
  dataOf: (message) => {
    const { arguments: values } = fieldsOf(recordsOf(message)[0]);
    return Array.isArray(values) ? (values as readonly unknown[])[0] : undefined;
  },
  withData: (message, data) => changed(message, { arguments: [data] }),
  // One with an id is completed, whatever it returns.
  prepared: (message) => {
    const { invocationId = '1' } = recordsOf(message)[0] ?? {};
    return changed(message, { invocationId });
  },
  again: (message, count) => changed(message, { invocationId: `again-${count}` }) ?? message,
  isAnswer: (frame) => recordsOf(frame).some(({ type }) => [COMPLETION, STREAM_ITEM, CLOSE].includes(Number(type))),
  isRefusal: (frame) => {
    const records = recordsOf(frame);
    // What came before an error, or the end, in one frame with it has come.
    const gives = records.some(
      ({ type, error }) => type === STREAM_ITEM || (type === COMPLETION && error === undefined),
    );
    return !gives && records.some(({ type }) => type === CLOSE || type === COMPLETION);
  },
  heartbeat: `{"type":${PING}}${END}`,
};

/** Several records may stand in one frame. */
function recordsOf(frame: string): readonly Readonly<Record<string, unknown>>[] {
  return frame
    .split(END)
    .map(jsonObject)
    .filter((record) => record !== undefined);
}

function invocation(fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ type: 1, ...fields })}${END}`;
}

function changed(message: string, fields: Readonly<Record<string, unknown>>): string | undefined {
  const record = fieldsOf(recordsOf(message)[0]);
  return typeof record['target'] === 'string' ? invocation({ ...record, ...fields }) : undefined;
}
