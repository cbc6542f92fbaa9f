import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { type CanActivate, type ExecutionContext, ForbiddenException, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { EMPTY, Observable, of } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { watchForCrashes } from '../../../../../test/support/crash-watch.js';
import { GatewayGuards } from './gateway-guards.js';
import type { HandshakeResponse } from './handshake-response.js';
import { handshakeGuardsOf, UseHandshakeGuards } from './use-handshake-guards.decorator.js';

const Tier = Reflector.createDecorator<string>();

@Tier('gold')
class ChatGateway {}

type Answer = (context: ExecutionContext) => unknown;

const guardOf = (answer: Answer): CanActivate => ({ canActivate: answer as CanActivate['canActivate'] });

const ask = (...answers: readonly Answer[]) => {
  const request = new IncomingMessage(new Socket());
  const guards = new GatewayGuards(
    ChatGateway,
    answers.map((answer) => () => guardOf(answer)),
  );
  return { request, verdict: guards.ask(request) };
};

const responseOf = (context: ExecutionContext): HandshakeResponse => context.switchToHttp().getResponse();

describe('GatewayGuards', () => {
  it.each<[string, Answer]>([
    ['true', () => true],
    ['a promise of true', () => Promise.resolve(true)],
    ['an observable of true', () => of(false, true)],
  ])('pass with %s', async (_, answer) => {
    await expect(ask(answer).verdict).resolves.toEqual({ passed: true, fields: [] });
  });

  it.each<[string, Answer]>([
    ['false', () => false],
    ['undefined', () => undefined],
    ['1', () => 1],
    ['a truthy object', () => ({})],
    ['the word true', () => 'true'],
    ['a promise of 1', () => Promise.resolve(1)],
    ['an observable that ends on false', () => of(true, false)],
    ['an UnauthorizedException', () => Promise.reject(new UnauthorizedException())],
    [
      'a ForbiddenException',
      () => {
        throw new ForbiddenException();
      },
    ],
  ])('refuse with %s', async (_, answer) => {
    await expect(ask(answer).verdict).resolves.toEqual({ passed: false });
  });

  it.each<[string, Answer]>([
    ['a throw', () => thrown(new Error('bug'))],
    ['a throw of nothing', () => thrown(null)],
    ['a rejection', () => Promise.reject(new Error('db down'))],
    ['a throw that cannot be read', () => thrown(revoked())],
    ['an exception that throws when it is asked', () => thrown(Object.assign(new ForbiddenException(), { getStatus }))],
    ['an observable that never says', () => EMPTY],
    ['an answer of its own', (context) => responseOf(context).end('hello')],
    ['the use of a client that is not there', (context) => context.switchToWs()],
  ])('AN-03 refuse with %s, and tell the operator why', async (_, answer) => {
    const verdict = await ask(answer).verdict;
    expect(verdict.passed).toBe(false);
    expect(verdict).toHaveProperty('cause');
  });

  it.each(['complete', 'error'] as const)(
    'DR-14 F17 refuse with an observable whose teardown throws on %s, and the process goes on',
    async (ending) => {
      const crashes = watchForCrashes();
      const answer = new Observable<boolean>((subscriber) => {
        subscriber.next(true);
        setTimeout(() => subscriber[ending](new Error('bug')), 1);
        return () => thrown(new Error('teardown'));
      });
      await expect(ask(() => answer).verdict).resolves.toMatchObject({
        passed: false,
        cause: expect.any(Error) as Error,
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(crashes).toEqual([]);
    },
  );

  it('AN-03 refuse when a guard cannot be made', async () => {
    const guards = new GatewayGuards(ChatGateway, [() => Promise.reject(new Error('no provider'))]);
    await expect(guards.ask(new IncomingMessage(new Socket()))).resolves.toMatchObject({ passed: false });
  });

  it('must all agree, and none is asked after the first that does not', async () => {
    const last = vi.fn<() => boolean>(() => true);
    await expect(
      ask(
        () => true,
        () => false,
        last,
      ).verdict,
    ).resolves.toEqual({ passed: false });
    expect(last).not.toHaveBeenCalled();
  });

  it('see an http context with the raw request, and the gateway where Reflector looks', async () => {
    let seen: ExecutionContext | undefined;
    const { request, verdict } = ask((context) => {
      seen = context;
      return new Reflector().getAllAndOverride(Tier, [context.getHandler(), context.getClass()]) === 'gold';
    });
    await expect(verdict).resolves.toMatchObject({ passed: true });
    expect(seen?.getType()).toBe('http');
    expect(seen?.switchToHttp().getRequest()).toBe(request);
    expect(seen?.getArgs()[0]).toBe(request);
    expect(seen?.getArgByIndex(1)).toBe(seen?.switchToHttp().getResponse());
    expect(typeof seen?.switchToHttp().getNext()).toBe('function');
  });

  it('set headers for the 101', async () => {
    const answer: Answer = (context) => responseOf(context).setHeader('X-Region', 'eu').hasHeader('x-region');
    await expect(ask(answer).verdict).resolves.toEqual({ passed: true, fields: [['X-Region', 'eu']] });
  });
});

describe('UseHandshakeGuards', () => {
  class First implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }
  class Second extends First {}

  it('adds up over decorators and parents, without changing the parent', () => {
    @UseHandshakeGuards(First)
    class Parent {}
    @UseHandshakeGuards(Second)
    class Child extends Parent {}
    expect(handshakeGuardsOf(Child)).toEqual([First, Second]);
    expect(handshakeGuardsOf(Parent)).toEqual([First]);
    expect(handshakeGuardsOf(ChatGateway)).toEqual([]);
  });

  it.each([[[]], [[undefined]], [[First, undefined]], [[new First()]]])('refuses %j', (guards) => {
    expect(() => UseHandshakeGuards(...(guards as never[]))).toThrow(TypeError);
  });
});

function thrown(error: unknown): never {
  throw error;
}

const getStatus = (): never => thrown(new Error('no status'));

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
