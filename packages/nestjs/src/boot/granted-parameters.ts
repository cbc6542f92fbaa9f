import { grantsTogether, policiesOf, type WsRequirement } from '../authorization/requirement.js';
import type { WsPolicyType } from '../authorization/ws-policy.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import { WsRowFilter } from '../authorization/ws-row-filter.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { factoryOf } from '../nest/metadata.js';

const ROW_FILTER = factoryOf(WsRowFilter);

/** What only a policy can fill, by the factory in the metadata of a parameter. */
const FILLED_BY_POLICIES: ReadonlyMap<unknown, readonly [decorator: string, what: string, answer: string]> = new Map([
  [factoryOf(WsResource), ['@WsResource', 'resource', 'grant(theResource)']],
  [ROW_FILTER, ['@WsRowFilter', 'row filter', 'grantRows({ ownerId: principal.id })']],
]);

/** Whether a handler takes the row filter of a policy. */
export function rowsTakenBy(handler: HandlerRecord): (policy: WsPolicyType) => boolean {
  const filters = (handler.parameters ?? []).filter(({ factory }) => factory === ROW_FILTER);
  return (policy) => filters.some(({ data: named }) => named === undefined || named === policy);
}

/**
 * Checks that it is clear what each `@WsResource()` and `@WsRowFilter()` is given. A bare one beside two policies would take
 * what the first granted and drop the rest: of two row filters, the second would narrow nothing. A policy that is asked
 * twice may judge two objects, and the handler gets one.
 */
export function checkGrants(
  handler: HandlerRecord,
  requirements: readonly WsRequirement[],
  problems: BootProblems,
): void {
  const policies = new Set(policiesOf(requirements));
  const [first] = policies;
  for (const { factory, data: named } of handler.parameters ?? []) {
    const [decorator, what, answer] = FILLED_BY_POLICIES.get(factory) ?? [];
    if (decorator === undefined) continue;
    const isTaken = (policy: WsPolicyType): boolean => named === undefined || named === policy;
    const together = grantsTogether(requirements, isTaken);
    // Of the members of one anyOf() only one grants. Two kinds of objects still need two types.
    const isUnclear = policies.size > 1 && (factory !== ROW_FILTER || together > 1);
    if (named === undefined && isUnclear) {
      problems.add(
        handler.label,
        `has several policies, and its ${decorator}() does not say whose ${what} it wants.`,
        `${decorator}(${first?.name ?? 'MyPolicy'})`,
      );
    } else if (together === 0) {
      problems.add(
        handler.label,
        `has a ${decorator}() that no policy of its @WsAuthorize can fill.`,
        `@WsAuthorize(${typeof named === 'function' ? named.name : 'MyPolicy'}), a policy whose authorize() answers ${answer}`,
      );
    } else if (together > 1) {
      const { name } = (typeof named === 'function' ? named : first) as WsPolicyType;
      problems.add(
        handler.label,
        `asks ${name} more than once, and its ${decorator}() gets one ${what}: it may not be the one that was judged.`,
        `name ${name} once, on the class or on the method`,
      );
    }
  }
}
