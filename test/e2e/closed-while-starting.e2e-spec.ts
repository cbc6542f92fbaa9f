import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type SecurityEvent, SecurityEventSink, SecureWsModule } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { withDefaults } from '../support/start-app.js';
import { RecordingSink } from '../support/recording-sink.js';

class SlowSink extends SecurityEventSink {
  readonly asked = deferred<void>();
  readonly goOn = deferred<void>();
  opened = 0;
  closed = 0;

  override async open(): Promise<void> {
    this.asked.resolve();
    await this.goOn.promise;
    this.opened++;
  }

  override write(_event: SecurityEvent): void {
    // Nothing is kept.
  }

  override close(): void {
    this.closed++;
  }
}

describe('an application that is closed while it starts', () => {
  it('DP-04 SL-12 does not start, and leaves no sink open', async () => {
    const sinks = [new SlowSink(), new SlowSink()] as const;
    const options = withDefaults({ events: { sinks } }, new RecordingSink());

    @Module({ imports: [SecureWsModule.forRoot(options)], providers: [EchoGateway] })
    class AppModule {}

    const app = await NestFactory.create(AppModule, { logger: false });
    const started = app.listen(0, '127.0.0.1').then(
      () => 'started',
      (error: unknown) => String(error),
    );
    await sinks[0].asked.promise;
    await app.close();
    for (const { goOn } of sinks) goOn.resolve();
    expect(await started).toContain('The application was closed while it started.');
    for (const { opened, closed } of sinks) expect(closed).toBeGreaterThanOrEqual(opened);
  });
});
