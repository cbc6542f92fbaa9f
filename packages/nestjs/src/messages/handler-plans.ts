import type { GatewayRecord } from '../nest/gateway-inventory.js';
import type { HandlerPlan } from './handler-plan.js';

const NO_PLANS: ReadonlyMap<string, readonly HandlerPlan[]> = new Map();

/** The plans of an application's handlers, found by gateway or by what Nest's enhancers know of a call. */
export class HandlerPlans {
  readonly #byGateway = new Map<GatewayRecord, Map<string, HandlerPlan[]>>();
  readonly #byClass = new Map<unknown, Map<unknown, HandlerPlan>>();

  add(gateway: GatewayRecord, handler: unknown, plan: HandlerPlan): void {
    const ofGateway = this.#byGateway.get(gateway) ?? new Map<string, HandlerPlan[]>();
    this.#byGateway.set(gateway, ofGateway.set(plan.event, [...(ofGateway.get(plan.event) ?? []), plan]));
    const ofClass = this.#byClass.get(gateway.type) ?? new Map<unknown, HandlerPlan>();
    this.#byClass.set(gateway.type, ofClass.set(handler, plan));
  }

  /** Every event that has a handler. */
  get events(): readonly string[] {
    return [...new Set([...this.#byGateway.values()].flatMap((plans) => [...plans.keys()]))];
  }

  /** Those of a gateway, by event; those of one event in the order of their methods. */
  of(gateway: GatewayRecord): ReadonlyMap<string, readonly HandlerPlan[]> {
    return this.#byGateway.get(gateway) ?? NO_PLANS;
  }

  /** The plan of a handler, by its class and its function. */
  find(gateway: unknown, handler: unknown): HandlerPlan | undefined {
    return this.#byClass.get(gateway)?.get(handler);
  }
}
