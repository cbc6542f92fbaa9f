import { SystemClock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import { exchangeJson } from '../../core/remote-json.js';
import { isBroken } from '../../core/safe-json.js';
import {
  type OpenFgaObject,
  type OpenFgaOptions,
  type ResolvedOpenFgaOptions,
  resolveOpenFgaOptions,
} from './open-fga.options.js';

/** A relation that holds for one question only, such as what a token says of its owner. */
export interface OpenFgaTuple {
  /** @default the user of the principal */
  readonly user?: OpenFgaObject;
  readonly relation: string;
  readonly object: OpenFgaObject;
}

/** One question to OpenFGA. */
export interface OpenFgaQuestion {
  readonly principal: Principal;
  readonly relation: string;
  readonly object: OpenFgaObject;
  /** @default none */
  readonly contextualTuples?: readonly OpenFgaTuple[];
  /** What the conditions of the model read. @default none */
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * The Check API of an OpenFGA server (https://openfga.dev/api/service). Provide it with `useFactory`, and let policies extend
 * {@link OpenFgaPolicy}. Nothing is kept: each question goes to the server.
 */
export class OpenFgaApi {
  readonly #options: ResolvedOpenFgaOptions;
  readonly #clock = new SystemClock();

  /** @throws {SecureWsBootError} for options that cannot be. */
  constructor(options: OpenFgaOptions) {
    this.#options = resolveOpenFgaOptions(options);
  }

  /**
   * Whether the principal has the relation to the object.
   *
   * @returns `false` for an object whose id OpenFGA cannot have: what a client names may be anything.
   * @throws TypeError for a user or a tuple that cannot be, and an Error where there is no clear answer: the server cannot be
   * reached, is too slow, redirects, answers another status than 200, too much, or neither `true` nor `false`.
   */
  async check({ principal, relation, object, contextualTuples = [], context }: OpenFgaQuestion): Promise<boolean> {
    const { checkUrl, modelId, apiToken, consistency } = this.#options;
    const asked = nameOf(object);
    if (asked === undefined) return false;
    const user = certain(nameOf(this.#options.user(principal)), 'The user of the principal');
    const tuples = contextualTuples.map((tuple) => ({
      user: tuple.user === undefined ? user : certain(nameOf(tuple.user), 'The user of a contextual tuple'),
      relation: relationOf(tuple),
      object: certain(nameOf(tuple.object), 'The object of a contextual tuple'),
    }));
    const body = JSON.stringify({
      tuple_key: { user, relation: relationOf({ relation }), object: asked },
      ...(tuples.length > 0 && { contextual_tuples: { tuple_keys: tuples } }),
      ...(modelId !== undefined && { authorization_model_id: modelId }),
      ...(context !== undefined && { context }),
      consistency,
    });
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(apiToken !== undefined && { authorization: `Bearer ${apiToken}` }),
    };
    const answer = await exchangeJson(checkUrl, { headers, body }, this.#options, this.#clock);
    const allowed = answer?.['allowed'];
    if (typeof allowed !== 'boolean')
      throw new Error('OpenFGA: the answer says neither that it is allowed nor that it is not.');
    return allowed;
  }
}

const TYPE = /^[^:#@\s*]{1,254}$/;
const RELATION = /^[^:#@\s*]{1,50}$/;
/**
 * Not `:` and `#`, which divide `type:id#relation`, no white space, and no `*`: `user:*` is everybody, and `document:*` every
 * document.
 */
const ID = /^[^:#\s*\p{Cc}]+$/u;

/** As OpenFGA writes an object or a user; `undefined` where it would read something else, or nothing. */
function nameOf({ type, id }: OpenFgaObject): string | undefined {
  if (typeof type !== 'string' || typeof id !== 'string' || !TYPE.test(type) || !ID.test(id)) return undefined;
  const name = `${type}:${id}`;
  return name.length <= 256 && !isBroken(name) ? name : undefined;
}

function relationOf({ relation }: Pick<OpenFgaTuple, 'relation'>): string {
  if (typeof relation === 'string' && RELATION.test(relation)) return relation;
  throw new TypeError('OpenFGA: a relation has a name that OpenFGA cannot have.');
}

function certain(name: string | undefined, what: string): string {
  if (name !== undefined) return name;
  throw new TypeError(`OpenFGA: ${what} has a type or an id that OpenFGA cannot have.`);
}
