import type { ModulesContainer } from '@nestjs/core';

const BEFORE_THE_ROOT = -1;

/**
 * Has a module start last and end first.
 *
 * Nest runs the hooks of modules by their distance from the root: bootstrap hooks from the root outwards, destroy hooks
 * from the far end. A distance below the root's puts a module at the end of the one and at the beginning of the other.
 * Call it in a constructor: the container belongs to one application, and so does the distance.
 */
export function startLastAndEndFirst(modules: ModulesContainer, type: unknown): void {
  for (const module of modules.values()) if (module.metatype === type) module.distance = BEFORE_THE_ROOT;
}
