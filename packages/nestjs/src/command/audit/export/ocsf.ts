import type { EventMeaning } from './event-meaning.js';
import { addressOf, countOf, type ExportedEvent, textOf } from './exported-event.js';

/** The release of the Open Cybersecurity Schema Framework that events are written for. */
const OCSF_VERSION = '1.5.0';

/** A class of OCSF, and what happened in its words. */
interface OcsfClass {
  /** The number of the class: its first digit is that of its category. */
  readonly uid: number;
  readonly name: string;
  readonly category: string;
  readonly activity: readonly [id: number, name: string];
}

const authentication = (id: number, name: string): OcsfClass => ({
  ...{ uid: 3002, name: 'Authentication', category: 'Identity & Access Management', activity: [id, name] },
});

const network = (id: number, name: string): OcsfClass => ({
  ...{ uid: 4001, name: 'Network Activity', category: 'Network Activity', activity: [id, name] },
});

const lifecycle = (id: number, name: string): OcsfClass => ({
  ...{ uid: 6002, name: 'Application Lifecycle', category: 'Application Activity', activity: [id, name] },
});

const finding = (id: number, name: string): OcsfClass => ({
  ...{ uid: 2004, name: 'Detection Finding', category: 'Findings', activity: [id, name] },
});

const CLASSES: Readonly<Record<EventMeaning['kind'], OcsfClass>> = {
  logon: authentication(1, 'Logon'),
  logoff: authentication(2, 'Logoff'),
  ticket: authentication(3, 'Authentication Ticket'),
  session: authentication(99, 'Session Changed'),
  'connection-opened': network(1, 'Open'),
  'connection-closed': network(2, 'Close'),
  'connection-refused': network(5, 'Refuse'),
  call: { uid: 6003, name: 'API Activity', category: 'Application Activity', activity: [99, 'Message'] },
  error: { uid: 6008, name: 'Application Error', category: 'Application Activity', activity: [1, 'General Error'] },
  recovery: lifecycle(99, 'Recovered'),
  lifecycle: lifecycle(4, 'Stop'),
  detection: finding(1, 'Create'),
  'detection-ended': finding(3, 'Close'),
};

const SEVERITY = { log: [1, 'Informational'], warn: [3, 'Medium'], error: [4, 'High'] } as const;
const STATUS = { success: [1, 'Success'], failure: [2, 'Failure'] } as const;
const FINDING_STATUS = { detection: [1, 'New'], 'detection-ended': [4, 'Resolved'] } as const;

const PRODUCT = { name: 'SecureWs for NestJS', vendor_name: 'SecureWs' };

/** An event as a class of OCSF. What that has no attribute for stands in `unmapped`. */
export function toOcsf(event: ExportedEvent): object {
  const { meaning, type, time, level, fields, uid } = event;
  const { uid: classUid, name, category, activity } = CLASSES[meaning.kind];
  const status = isFinding(meaning.kind) ? FINDING_STATUS[meaning.kind] : STATUS[meaning.outcome];
  return {
    class_uid: classUid,
    class_name: name,
    category_uid: Math.floor(classUid / 1000),
    category_name: category,
    activity_id: activity[0],
    activity_name: activity[1],
    type_uid: classUid * 100 + activity[0],
    time,
    severity_id: SEVERITY[level][0],
    severity: SEVERITY[level][1],
    status_id: status[0],
    status: status[1],
    status_code: textOf(event, 'reason', 'code'),
    status_detail: textOf(event, 'failure', 'missing', 'option'),
    duration: countOf(event, 'durationMs'),
    message: type,
    metadata: {
      version: OCSF_VERSION,
      product: PRODUCT,
      event_code: type,
      uid,
      correlation_uid: textOf(event, 'correlationId', 'connectionId'),
    },
    ...detailsOf(event),
    unmapped: fields,
  };
}

/** What the class asks for beside what all of them have. */
function detailsOf(event: ExportedEvent): object {
  const id = textOf(event, 'operator', 'principal');
  const user = id === undefined ? { name: 'unknown', type_id: 0 } : { uid: id };
  const endpoint = { src_endpoint: endpointOf(event) };
  switch (event.meaning.kind) {
    case 'logon':
    case 'logoff':
    case 'ticket':
    case 'session':
      return { user, ...endpoint, service: { name: textOf(event, 'path') ?? PRODUCT.name }, is_remote: true };
    case 'connection-opened':
    case 'connection-closed':
    case 'connection-refused':
      return endpoint;
    case 'call':
      return { actor: { user }, ...endpoint, api: { operation: textOf(event, 'event', 'action') ?? 'unknown' } };
    case 'error':
      return {};
    case 'recovery':
    case 'lifecycle':
      return { app: PRODUCT };
    case 'detection':
    case 'detection-ended': {
      // An alert has an id; of anything else there is one at a time.
      const uid = textOf(event, 'alertId') ?? event.uid ?? `${event.type}:${event.time}`;
      return { finding_info: { uid, title: textOf(event, 'rule', 'option') ?? event.type } };
    }
  }
}

function endpointOf(event: ExportedEvent): object {
  const ip = addressOf(event);
  if (ip !== undefined) return { ip };
  const uid = textOf(event, 'connectionId', 'operatorConnectionId');
  return uid === undefined ? { name: 'unknown' } : { uid };
}

function isFinding(kind: EventMeaning['kind']): kind is keyof typeof FINDING_STATUS {
  return Object.hasOwn(FINDING_STATUS, kind);
}
