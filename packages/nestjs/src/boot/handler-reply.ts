import type { ApplicationConfig } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { classOf, interceptorsOf, isOfClass, overrides } from '../nest/enhancers.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { compileOutput } from '../output/compile-output.js';
import { ObjectShape } from '../output/object-shape.js';
import { type ReplyMetadata, replyOf } from '../output/ws-reply.decorator.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import { WsReplyInterceptor } from '../socket-io/ws-reply.interceptor.js';

interface ReplyContext {
  readonly options: Pick<ResolvedSecureWsOptions, 'adapter' | 'output'>;
  readonly config: ApplicationConfig;
}

/** Finds the declared reply of a handler, and checks that it says what goes out, and holds where it goes out. */
export function readReply(
  handler: HandlerRecord,
  { options, config }: ReplyContext,
  problems: BootProblems,
): ReplyMetadata | undefined {
  const reply = replyOf(handler.callback);
  if (reply !== undefined) checkDeclaration(handler, reply, problems);
  const isLimited = reply !== undefined || options.output.undeclaredReplies === 'fail';
  if (options.adapter || !isLimited) return reply;
  if (handler.parameters?.some(({ isAck }) => isAck) === true) {
    problems.add(
      handler.label,
      'takes an @Ack(): what it acknowledges with would be sent whole, past WsReplyInterceptor.',
      'return the answer: a client that asked for an acknowledgement gets it as one',
    );
  }
  const interceptors = interceptorsOf(handler, config);
  // The first one is the last to see a reply.
  const place = interceptors.findIndex((each) => isOfClass(each, WsReplyInterceptor));
  if (place < 0) {
    problems.add(
      handler.label,
      'is on another adapter (`adapter: false`) without WsReplyInterceptor: what it returns would be sent whole.',
      `add @UseInterceptors(WsReplyInterceptor) above ${handler.gateway.name}`,
    );
  } else if (overrides(interceptors[place], WsReplyInterceptor, 'intercept')) {
    const { name } = classOf(interceptors[place]);
    problems.add(
      handler.label,
      `is written by ${name}, which overrides intercept() of WsReplyInterceptor: that may send it whole.`,
      `make ${name} an interceptor of its own behind ours: @UseInterceptors(WsReplyInterceptor, ${name})`,
    );
  } else if (place > 0) {
    problems.add(
      handler.label,
      'has an interceptor in front of WsReplyInterceptor, which could add to a reply what nobody has declared.',
      'name WsReplyInterceptor first, on the class',
    );
  }
  return reply;
}

function checkDeclaration({ label }: HandlerRecord, { declaration }: ReplyMetadata, problems: BootProblems): void {
  const shape = compileOutput(label, declaration, (...problem) => problems.add(...problem));
  const item = shape?.container === 'one' && shape.item instanceof ObjectShape ? shape.item : undefined;
  const names = item?.properties.map(({ name }) => name) ?? [];
  // What is read as WsResponse has its `data` sent, and that is never what the class says.
  if (item === undefined || !names.includes('event') || names.some((name) => name !== 'event' && name !== 'data'))
    return;
  problems.add(
    label,
    `declares ${item.type.name}, which has event and data alone: Nest takes such an object for its { event, data }.`,
    'rename one of them, or return { event, data } and declare what data is',
  );
}
