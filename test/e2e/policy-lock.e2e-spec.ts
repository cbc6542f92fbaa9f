import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyDecorators, Injectable, type Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  UseHandshakeGuards,
  WsAuthorize,
  WsBinary,
  WsBytes,
  WsStepUp,
  WsSubprotocol,
  WsThrottle,
} from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describePolicy } from '../../packages/nestjs/src/policy-lock/describe-policy.js';
import { lockText } from '../../packages/nestjs/src/policy-lock/lock-file.js';
import { SecureWsInstaller } from '../../packages/nestjs/src/secure-ws.installer.js';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { bootProblems } from '../support/boot-problems.js';
import { startApp, type TestOptions } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@Injectable()
class AnyHandshake {
  canActivate(): boolean {
    return true;
  }
}

interface Shape {
  readonly onClass?: readonly ClassDecorator[];
  readonly onMethod?: readonly MethodDecorator[];
  readonly maxBytes?: number;
  readonly options?: (gateway: Type) => TestOptions;
}

function gatewayOf({ onClass = [], onMethod = [], maxBytes = 100 }: Shape): Type {
  @applyDecorators(...onClass)
  @WsAuthorize()
  @WebSocketGateway({ path: '/rooms' })
  class RoomsGateway {
    @applyDecorators(...onMethod)
    @SubscribeMessage('join')
    join(): void {}

    @WsBinary({ maxBytes })
    @SubscribeMessage('send')
    send(@WsBytes() _: Buffer): void {}
  }
  return RoomsGateway;
}

const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** The lock of the application that nothing was added to. */
async function lockOfBase(options: TestOptions = {}): Promise<string> {
  const { app } = await startApp({ providers: [gatewayOf({}), AnyHandshake], options });
  const inspection = app.get(SecureWsInstaller, { strict: false }).inspect();
  const runtime = app.get(SecureWsRuntime, { strict: false });
  return lockText(describePolicy({ inspection, options: runtime.options }));
}

let base: Promise<string> | undefined;

/** An application beside a lock file. @param lock what is in it, `undefined` for none. */
async function shapeOf(shape: Shape, lock?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'secure-ws-lock-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'lock.json');
  if (lock !== undefined) await writeFile(path, lock);
  const gateway = gatewayOf(shape);
  return { providers: [gateway, AnyHandshake], options: { ...shape.options?.(gateway), policyLock: { path } } };
}

describe('an application with a policy lock', () => {
  it('AZ-01 boots as long as it does what the lock says', async () => {
    await expect(startApp(await shapeOf({}, await (base ??= lockOfBase())))).resolves.toBeDefined();
  });

  it.each<readonly [lock: string | undefined, problem: string]>([
    [undefined, 'is missing'],
    ['{', 'is not JSON'],
    ['{}', 'is not a policy lock'],
  ])('AZ-01 does not boot on a lock that says nothing: %s', async (lock, problem) => {
    expect(await bootProblems(await shapeOf({}, lock))).toEqual([
      expect.objectContaining({ where: 'policyLock', problem: expect.stringContaining(problem) as string }),
    ]);
  });

  it.each<readonly [what: string, shape: Shape]>([
    ['a step-up', { onMethod: [WsStepUp({ maxAgeMs: 1000 })] }],
    ['a limit', { onMethod: [WsThrottle({ limit: 1, ttl: 1000 })] }],
    ['a subprotocol', { onMethod: [WsSubprotocol('json.v1')] }],
    ['a guard of handshakes', { onClass: [UseHandshakeGuards(AnyHandshake)] }],
    ['the size of bytes', { maxBytes: 200 }],
    ['proofs of possession', { options: () => ({ authentication: { jwt: TEST_JWT, dpop: {} } }) }],
    ['the deadline of policies', { options: () => ({ authorization: { policyTimeoutMs: 20_000 } }) }],
    ['what answers tell of the inside', { options: () => ({ detailedErrors: true }) }],
    ['a migration', { options: (gateway) => ({ migration: { gateways: [gateway], until: day(7) } }) }],
  ])('AZ-01 does not boot where %s has come or gone', async (_what, shape) => {
    const problems = await bootProblems(await shapeOf(shape, await (base ??= lockOfBase())));
    expect(problems.map(({ where }) => where)).toEqual(['policyLock']);
  });

  it('AZ-01 OD-01 does not boot where what its handlers do not declare goes out, and did not', async () => {
    const lock = await lockOfBase({ output: { undeclaredReplies: 'fail' } });
    expect(await bootProblems(await shapeOf({}, lock))).toEqual([
      expect.objectContaining({
        where: 'policyLock',
        problem: expect.stringContaining('wider: everything now goes out that no @WsReply()') as string,
      }),
    ]);
    const options = () => ({ output: { undeclaredReplies: 'fail' } }) as const;
    await expect(startApp(await shapeOf({ options }, lock))).resolves.toBeDefined();
  });
});
