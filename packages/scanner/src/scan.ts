import type { Check, CheckContext, Verdict } from './checks/check.js';
import { notTested } from './checks/check.js';
import { credentialJudge } from './checks/credential-judge.js';
import { CHECKS } from './checks/registry.js';
import { DIALECTS } from './dialect/dialects.js';
import { KNOWN_SUBPROTOCOLS, type Recognition, recogniseDialect } from './dialect/recognise.js';
import { withoutUnasked } from './dialect/unasked.js';
import { buildMatrix } from './matrix/build-matrix.js';
import { readDeclaredEvents } from './matrix/declared-access.js';
import type { Matrix } from './matrix/matrix.js';
import { Prober } from './probe/prober.js';
import { Transcript } from './probe/transcript.js';
import { adviceFor } from './refusal-advice.js';
import {
  hasCredential,
  type IdentityCredentials,
  messageAs,
  Redactor,
  type ScanCredentials,
  type Who,
} from './scope/credentials.js';
import { queryCredentials } from './scope/query-credentials.js';
import { DEFAULT_LIMITS, ScanBudget, type ScanLimits } from './scope/scan-budget.js';
import { readTarget, trustedWith } from './scope/scan-target.js';
import { looksLikeToken } from './scope/subprotocol-credentials.js';
import type { Baseline, CheckOutcome, ScanResult } from './scan-result.js';
import { gradeOf } from './score/grade.js';

/** What to scan, and as whom. */
export interface ScanOptions {
  /** A `ws://` or `wss://` URL. No other host is contacted. */
  readonly target: string;
  /** The consent of the owner, for every host but this machine. @default false */
  readonly isAllowed?: boolean | undefined;
  /** An `Origin` that the server admits. */
  readonly origin?: string | undefined;
  /** @default {} */
  readonly credentials?: ScanCredentials | undefined;
  /** A second account, which must not do what the messages of the first one do. */
  readonly other?: ScanCredentials | undefined;
  /** What was good once, and has expired. */
  readonly expired?: ScanCredentials | undefined;
  /** A token with an `exp` at most two minutes ahead: a connection must not outlive it. */
  readonly expiring?: ScanCredentials | undefined;
  /** Logs the given account out, in the way that its user does. Called once, at the end. */
  readonly logOut?: (() => Promise<void>) | undefined;
  /** What tokens are signed with: a private key in PEM, or a secret. Good signatures on wrong claims take it. */
  readonly signingKey?: string | undefined;
  /** Events that the second account may send as well. @default [] */
  readonly shared?: readonly string[] | undefined;
  /** The public key that the server verifies tokens with, in PEM: for the confusion of algorithms. */
  readonly publicKey?: string | undefined;
  /** The path of a `secure-ws.lock.json`, to compare with what is seen. */
  readonly lock?: string | undefined;
  /** Whether the lock may have no endpoint of the path of the target: then whatever is answered there is a finding. @default false */
  readonly mayLackEndpoint?: boolean | undefined;
  /** A certificate authority of your own in PEM, trusted beside those that Node has. */
  readonly ca?: string | undefined;
  /** A port of the host that must not take connections without TLS, for a `wss://` target. Its own is tried always, and 80 beside 443. */
  readonly plainPort?: number | undefined;
  /** What the handshake offers. One that is a token, by its looks, is taken for the credential of the first account. @default [] */
  readonly subprotocols?: readonly string[] | undefined;
  /** Messages that the server answers, as they go over the wire. @default [] */
  readonly messages?: readonly string[] | undefined;
  /** The ids of the checks to run: the others are reported as not tested. @default all of them */
  readonly checks?: readonly string[] | undefined;
  /** Whether checks run that put a load on the target. @default false */
  readonly isDisruptive?: boolean | undefined;
  /** How much the scan may spend. */
  readonly limits?: Partial<ScanLimits> | undefined;
  /** How long an answer is waited for, in milliseconds. @default 5000 */
  readonly answerMs?: number | undefined;
  /** How long a handler may take after the server has answered a ping, in milliseconds. @default 500 */
  readonly settleMs?: number | undefined;
  /** How long a connection is watched that does, or reads, nothing, in milliseconds. @default 60000 */
  readonly idleMs?: number | undefined;
  /** Told of each outcome as it comes. */
  readonly onOutcome?: ((outcome: CheckOutcome) => void) | undefined;
}

/**
 * Scans one WebSocket endpoint.
 *
 * @throws TypeError for a target that is not a WebSocket URL, or is another machine without consent, for a check that is none,
 * and for a lock that cannot be read, or has no endpoint of the target.
 */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const { messages = [], answerMs = 5000, settleMs = 500, onOutcome } = options;
  const isWanted = wantedChecks(options.checks);
  const { ca } = options;
  const target = {
    ...readTarget(options.target, { isAllowed: options.isAllowed === true }),
    ...(ca !== undefined && { trusted: trustedWith(ca) }),
  };
  const budget = new ScanBudget({ ...DEFAULT_LIMITS, ...options.limits });
  const { lock: lockFile, mayLackEndpoint } = options;
  const lock =
    lockFile === undefined ? undefined : await readDeclaredEvents(lockFile, target.url.pathname, mayLackEndpoint);
  const { other = {}, expired = {}, expiring = {}, subprotocols = [] } = options;
  const { credentials: account } = options;
  const given = { ...account, subprotocol: account?.subprotocol ?? subprotocols.find(looksLikeToken) };
  const credentials: IdentityCredentials = { given, other, expired, expiring };
  const inUrl = queryCredentials(target.url).map((token) => ({ token }));
  const redactor = new Redactor(given, other, expired, expiring, ...inUrl, { token: options.signingKey });
  const transcript = new Transcript((text) => redactor.withoutOwn(text));
  const identity = { credentials, origin: options.origin, subprotocols };
  const prober = new Prober(target, identity, budget, transcript, { answerMs, settleMs });

  const baseline = await tryBaseline(prober);
  const recognition = baseline.isAccepted ? await tryDialect(prober, messages) : undefined;
  const { dialect = DIALECTS.json } = recognition ?? {};
  const context = contextOf(prober, transcript, {
    dialect,
    messages: messages.flatMap((message) => dialect.prepared(message) ?? []),
    identities: identitiesOf(credentials),
    shared: options.shared ?? [],
    publicKey: options.publicKey,
    plainPort: options.plainPort,
    signingKey: options.signingKey,
    logOut: options.logOut,
    idleMs: options.idleMs ?? 60_000,
    lock,
  });
  const outcomes: CheckOutcome[] = [];
  for (const check of CHECKS) {
    const verdict = isWanted(check)
      ? await verdictOf(check, context, baseline, options.isDisruptive === true)
      : notTested('Only other checks were asked for.');
    const outcome = outcomeOf(check, verdict, redactor);
    outcomes.push(outcome);
    onOutcome?.(outcome);
  }
  return {
    target: target.shown,
    baseline: { ...baseline, says: redactor.redact(baseline.says) },
    dialect: recognition?.dialect.id,
    recognition: recognition === undefined ? undefined : { confidence: recognition.confidence, says: recognition.says },
    outcomes,
    matrix: await shownMatrix(context, redactor),
    grade: gradeOf(outcomes, baseline.isAccepted),
    spent: budget.spent,
  };
}

function wantedChecks(ids: readonly string[] | undefined): (check: Check) => boolean {
  const unknown = ids?.find((id) => !CHECKS.some((check) => check.id === id));
  if (unknown !== undefined) {
    throw new TypeError(`There is no check ${unknown}. There are: ${CHECKS.map(({ id }) => id).join(', ')}.`);
  }
  return ({ id }) => ids === undefined || ids.includes(id);
}

async function tryBaseline(prober: Prober): Promise<Baseline> {
  try {
    const { isAdmitted, saw, answer } = await prober.admits();
    if (isAdmitted) return { isAccepted: true, says: 'The good handshake was accepted.' };
    const chosen = await subprotocolOf(prober, answer.status);
    if (chosen !== undefined) {
      prober.offer([chosen]);
      return { isAccepted: true, says: `The good handshake was accepted with the subprotocol ${chosen}.` };
    }
    const advice = adviceFor(answer.status, prober.identity.origin, prober.target.isSecure);
    return { isAccepted: false, says: `The good handshake was refused (${saw}): ${advice}.` };
  } catch (error) {
    return { isAccepted: false, says: messageOf(error) };
  }
}

/** A subprotocol that a server asks for which refused a handshake without one. */
async function subprotocolOf(prober: Prober, status: number): Promise<string | undefined> {
  if (prober.identity.subprotocols.length > 0 || ![101, 400].includes(status)) return undefined;
  const { isAdmitted, answer } = await prober.admits({ subprotocols: KNOWN_SUBPROTOCOLS });
  const chosen = answer.fields.get('sec-websocket-protocol') ?? '';
  return isAdmitted && KNOWN_SUBPROTOCOLS.includes(chosen) ? chosen : undefined;
}

async function tryDialect(prober: Prober, messages: readonly string[]): Promise<Recognition | undefined> {
  let recognition: Recognition | undefined;
  try {
    recognition = await recogniseDialect(prober, messages);
    const { dialect, subprotocols = prober.identity.subprotocols } = recognition;
    prober.offer(subprotocols);
    prober.speak(dialect);
    return { ...recognition, dialect: await withoutUnasked(prober, dialect) };
  } catch {
    // The checks that talk say by themselves that they cannot.
    return recognition;
  }
}

/** Whom there are credentials of, and nobody, in the order in which they are asked. */
function identitiesOf({ other, expired }: IdentityCredentials): readonly Who[] {
  return [
    'given',
    ...(hasCredential(other) ? ['other' as const] : []),
    'none',
    ...(hasCredential(expired) ? ['expired' as const] : []),
  ];
}

type Given = Omit<CheckContext, 'prober' | 'transcript' | 'talk' | 'matrix' | 'judge' | 'messageAs'>;

function contextOf(prober: Prober, transcript: Transcript, given: Given): CheckContext {
  let matrix: Promise<Matrix> | undefined;
  let judge: ReturnType<typeof credentialJudge> | undefined;
  const context: CheckContext = {
    ...given,
    prober,
    transcript,
    matrix: () => (matrix ??= buildMatrix(context)),
    judge: () => (judge ??= credentialJudge(context)),
    talk: (credentials = 'given') => prober.session({ credentials }),
    messageAs: (message, who) => messageAs(message, who, prober.identity.credentials),
  };
  return context;
}

/** The matrix as it is reported, where there was something to compare and it could be built. */
async function shownMatrix(context: CheckContext, redactor: Redactor): Promise<Matrix | undefined> {
  const { identities, lock, messages } = context;
  if (messages.length === 0 || (lock === undefined && identities.length < 3)) return undefined;
  try {
    const { columns, rows } = await context.matrix();
    return {
      columns,
      rows: rows.map(({ event, message, declared, reactions }) => ({
        event: event === undefined ? undefined : redactor.redact(event),
        message: redactor.redact(message),
        declared,
        reactions: Object.fromEntries(
          Object.entries(reactions).map(([who, { kind, shows }]) => [who, { kind, shows: redactor.redact(shows) }]),
        ),
      })),
    };
  } catch {
    // The checks that need it have said why it could not be built.
    return undefined;
  }
}

async function verdictOf(
  check: Check,
  context: CheckContext,
  { isAccepted, says }: Baseline,
  isDisruptive: boolean,
): Promise<Verdict> {
  if (check.isDisruptive === true && !isDisruptive) {
    return notTested('It puts a load on the target and runs only with --disruptive.');
  }
  if (check.needsBaseline && !isAccepted) return notTested(says);
  try {
    return await check.run(context);
  } catch (error) {
    return notTested(messageOf(error));
  }
}

function outcomeOf(check: Check, verdict: Verdict, redactor: Redactor): CheckOutcome {
  const { id, title, requirements, cwe, asvs, remediation } = check;
  const found = verdict.outcome === 'finding' ? verdict : undefined;
  return {
    check: id,
    title,
    outcome: verdict.outcome,
    says: redactor.redact(verdict.says),
    severity: found?.severity ?? check.severity,
    confidence: found?.confidence ?? check.confidence,
    requirements,
    cwe,
    asvs,
    evidence: (found?.evidence ?? []).map(({ sent, got, about }) => ({
      sent: redactor.redact(sent),
      got: redactor.redact(got),
      ...(about !== undefined && { about: redactor.redact(about) }),
    })),
    remediation,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The check failed.';
}
