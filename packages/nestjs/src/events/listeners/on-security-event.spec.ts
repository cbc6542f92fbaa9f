import { Controller, Injectable, Module, Scope } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import type { SecurityEvent, SecurityEventOf } from '../security-event.js';
import { OnSecurityEvent } from './on-security-event.js';
import { discoverSecurityEventListeners, type SecurityEventListener } from './security-event-listeners.js';

class BaseAlerts {
  readonly seen: SecurityEvent[] = [];

  @OnSecurityEvent('ws.drain.*')
  onDrain(event: SecurityEventOf<'ws.drain.*'>): void {
    this.seen.push(event);
  }
}

@Injectable()
class Alerts extends BaseAlerts {
  @OnSecurityEvent('ws.message.refused', 'ws.handshake.*')
  onRefused(event: SecurityEventOf<'ws.message.refused' | 'ws.handshake.*'>): void {
    this.seen.push(event);
  }

  /** A wider parameter is fine. */
  @OnSecurityEvent('ws.application.failed')
  onAny(event: SecurityEvent): void {
    this.seen.push(event);
  }

  notAListener(): void {
    throw new Error('not to be called');
  }

  get notRead(): never {
    throw new Error('not to be read');
  }
}

@Controller()
class StatusController {
  @OnSecurityEvent('ws.config.weak')
  onWeak(): void {
    // Nothing to do: found is all it has to be.
  }
}

async function discover(
  ...providers: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>
): Promise<{ listeners: readonly SecurityEventListener[]; problems: BootProblems; alerts: () => Alerts }> {
  @Module({ providers, controllers: [StatusController] })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const problems = new BootProblems();
  const listeners = discoverSecurityEventListeners(module.get(ModulesContainer), problems);
  return { listeners, problems, alerts: () => module.get(Alerts) };
}

describe('discoverSecurityEventListeners', () => {
  it('finds the methods of providers and controllers, inherited ones too', async () => {
    const { listeners, problems } = await discover(Alerts);

    expect(problems.problems).toEqual([]);
    expect(Object.fromEntries(listeners.map(({ name, types }) => [name, [...types]]))).toEqual({
      'Alerts.onRefused': [
        'ws.handshake.refused',
        'ws.handshake.reported',
        'ws.handshake.forwarding-ignored',
        'ws.message.refused',
      ],
      'Alerts.onAny': ['ws.application.failed'],
      'Alerts.onDrain': ['ws.drain.started', 'ws.drain.finished'],
      'StatusController.onWeak': ['ws.config.weak'],
    });
  });

  it('calls a method with its instance', async () => {
    const { listeners, alerts } = await discover(Alerts);
    const event = { type: 'ws.drain.started' } as SecurityEvent;
    listeners.find(({ name }) => name === 'Alerts.onDrain')?.call(event);

    expect(alerts().seen).toEqual([event]);
  });

  it('finds an instance once that is provided twice, and one that a factory made', async () => {
    const made = new Alerts();
    const { listeners } = await discover(
      { provide: 'made', useFactory: () => made },
      { provide: 'again', useExisting: 'made' },
      { provide: 'nothing', useValue: null },
      { provide: 'bare', useValue: Object.create(null) as object },
    );

    expect(listeners.map(({ name }) => name).sort()).toEqual([
      'Alerts.onAny',
      'Alerts.onDrain',
      'Alerts.onRefused',
      'StatusController.onWeak',
    ]);
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])(
    'MO-12 makes a listener of scope %s a problem of the boot',
    async (scope) => {
      @Injectable({ scope })
      class Scoped {
        @OnSecurityEvent('ws.*')
        onAny(): void {
          // Would never be called.
        }
      }
      const { listeners, problems } = await discover(Scoped);

      expect(problems.problems.map(({ where }) => where)).toEqual(['Scoped.onAny']);
      expect(listeners.map(({ name }) => name)).toEqual(['StatusController.onWeak']);
    },
  );

  it('MO-12 makes a pattern that stands for no event a problem of the boot', async () => {
    @Injectable()
    class Misspelt {
      @OnSecurityEvent('ws.mesage.*' as 'ws.message.*')
      onAny(): void {
        // Would never be called.
      }
    }
    const { problems } = await discover(Misspelt);

    expect(problems.problems).toMatchObject([
      {
        where: 'Misspelt.onAny',
        problem: "listens to 'ws.mesage.*', which no security event is called.",
        fix: "@OnSecurityEvent('ws.message.*')",
      },
    ]);
  });

  it('is refused by the compiler with a parameter of another event', () => {
    class Wrong {
      // @ts-expect-error: the events of ws.drain.* are not those of ws.message.*.
      @OnSecurityEvent('ws.drain.*')
      onRefused(event: SecurityEventOf<'ws.message.*'>): string {
        return event.code;
      }
    }
    expect(new Wrong()).toBeInstanceOf(Wrong);
  });
});
