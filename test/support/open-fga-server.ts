import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** A relation, as OpenFGA writes it. */
export interface Tuple {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
}

/** A body of `POST /stores/{id}/check`. */
interface CheckBody {
  readonly tuple_key: Tuple;
  readonly contextual_tuples?: { readonly tuple_keys: readonly Tuple[] };
  readonly authorization_model_id?: string;
}

/** A server of the Check API of OpenFGA over a small model: an owner is an editor, and who is in a group is what the group is. */
export interface OpenFgaServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly storeId: string;
  readonly modelId: string;
  readonly apiToken: string;
  readonly tuples: Tuple[];
  /** The bodies of the checks, in their order. */
  readonly checks: CheckBody[];
  /** Answers in its place, for what no honest server does. */
  misbehave: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

const OBJECT = /^[^:#@\s]+:[^:#\s]+$/;

/** Starts an {@link OpenFgaServer} that ends with its test. */
export async function startOpenFgaServer(): Promise<OpenFgaServer> {
  const openFga: OpenFgaServer = {
    url: '',
    storeId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    modelId: '01BX5ZZKBKACTAV9WEVGEMMVRZ',
    apiToken: 'fga-token-1234',
    tuples: [],
    checks: [],
    misbehave: undefined,
  };
  const server = createServer((request, response) => {
    if (openFga.misbehave !== undefined) openFga.misbehave(request, response);
    else void answer(openFga, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(openFga, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function answer(openFga: OpenFgaServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (status: number, document: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  };
  if (request.headers.authorization !== `Bearer ${openFga.apiToken}`) {
    say(401, { code: 'bearer_token_missing' });
    return;
  }
  const storeId = /^\/stores\/(\w+)\/check$/.exec(request.url ?? '')?.[1];
  if (request.method !== 'POST' || storeId !== openFga.storeId) {
    say(404, { code: 'store_id_not_found' });
    return;
  }
  const body = JSON.parse(await text(request)) as CheckBody;
  openFga.checks.push(body);
  const { tuple_key: asked, contextual_tuples: more, authorization_model_id: modelId } = body;
  if (modelId !== openFga.modelId || !OBJECT.test(asked.object) || !OBJECT.test(asked.user)) {
    say(400, { code: 'validation_error' });
    return;
  }
  say(200, { allowed: holds(asked, [...openFga.tuples, ...(more?.tuple_keys ?? [])]), resolution: '' });
}

/** What leads to a relation: it itself, and for an editor to be the owner. */
const INCLUDED: Readonly<Record<string, readonly string[]>> = { editor: ['editor', 'owner'] };

function holds({ user, relation, object }: Tuple, tuples: readonly Tuple[]): boolean {
  const relations = INCLUDED[relation] ?? [relation];
  return tuples.some((tuple) => {
    if (tuple.object !== object || !relations.includes(tuple.relation)) return false;
    if (tuple.user === user || tuple.user === `${user.split(':')[0]}:*`) return true;
    const [group, member] = tuple.user.split('#');
    return member !== undefined && holds({ user, relation: member, object: group ?? '' }, tuples);
  });
}
