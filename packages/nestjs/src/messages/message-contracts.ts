import type { WsMessageContext } from '../core/message-context.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { MessageLimits } from '../throttling/message-limits.js';
import type { ThrottleFinding } from '../throttling/throttle-finding.js';
import type { HandlerPlan } from './handler-plan.js';
import type { MessageEngine } from './message-engine.js';
import type { Refusal } from './refusal.js';

// What a message meets on its way. They are about the message, which is about them: message.ts closes the circle.

/** A handler as its messages see it. */
export interface HandlerOf<Message> {
  readonly plan: HandlerPlan;
  /** The steps that its messages take from here. */
  readonly steps: readonly StepOf<Message>[];
  /** Nest's own chain: guards, interceptors and pipes of the application, then the method. Or the method alone. */
  readonly callback: (data: unknown, event: string, context: WsMessageContext) => unknown;
}

/**
 * One check of a message. What `start` answers, or a promise of it settles with, goes to `finish`, which lets the message
 * on with `undefined` or refuses it. What is thrown or rejected goes to `fail`, which always refuses.
 */
export interface StepOf<Message> {
  readonly name: string;
  /** Whether a handler's messages take it at all; decided at boot. */
  readonly isNeeded?: ((plan: HandlerPlan) => boolean) | undefined;
  /** The deadline of what it waits for. @default 'judging' */
  readonly deadline?: 'judging' | 'handling';
  /** What it is refused for where it does not answer in time. @default 'policy-timeout' */
  readonly late?: ((message: Message) => Refusal['reason']) | undefined;
  /** Whether its refusals are only reported on a gateway under migration. */
  readonly isReportable?: boolean;
  readonly start: (message: Message) => unknown;
  readonly finish: (message: Message, value: unknown) => Refusal | undefined;
  readonly fail: (message: Message, error: unknown) => Refusal;
}

/** Where messages come from and where their answers go: a connection of this module's adapter, or of another. */
export interface SourceOf<Message> {
  readonly engine: MessageEngine;
  readonly connection: WsConnection;
  readonly isExpired: boolean;
  readonly hasAllStreams: boolean;
  /** What its messages are counted by. */
  readonly limits: MessageLimits;
  /** Counts a message as it arrives. @returns what refuses it. */
  throttle(now: number, bytes: number): ThrottleFinding | undefined;
  /** Gives the message a slot; `false` when it waits for one, to be run again then. */
  takeSlot(message: Message): boolean;
  releaseSlot(): void;
  /** Whether what arrived is of a kind and a size that was agreed on. */
  checkFrame(message: Message): Refusal | undefined;
  decode(message: Message): Refusal | undefined;
  route(message: Message): HandlerOf<Message> | Refusal | undefined;
  /** Sends what a handler returned, or begins to stream it. @returns whether the message is done with that. */
  reply(message: Message, value: unknown): boolean;
  /** Ends the stream of a message, if it has one. @returns whether it had. */
  endStream(message: Message): boolean;
  /** Answers and audits a refused message. */
  refuse(message: Message, refusal: Refusal): void;
  /** Keeps a message whose abort signal somebody took, until {@link forgetAbort}. */
  keepForAbort(message: Message): void;
  forgetAbort(message: Message): void;
  /** Watches what is sent to the client. @returns ends that, and says whether the message was answered. */
  watchAnswer(message: Message): () => boolean;
  /** Whether a message may be judged again: its connection has a new identity, and that is all that happened to it. */
  isRenewed(message: Message): boolean;
}
