import { isStandardSchema } from '../core/standard-schema.js';
import { ContainerShape, type OutputShape, ScalarShape, SchemaShape } from './output-shape.js';
import { ObjectShape } from './object-shape.js';
import { ClassCompiler, type ReportOutputProblem } from './class-compiler.js';

const FIT = 'declare a class with @Expose() properties, [Item], String, Number, Boolean or a Standard Schema object';

/**
 * Compiles a declared output.
 *
 * @param where what it is declared for, such as a handler.
 * @returns `undefined` where something of it is wrong; `report` has been told all of it.
 */
export function compileOutput(
  where: string,
  declared: unknown,
  report: ReportOutputProblem,
): ContainerShape | undefined {
  const isList = Array.isArray(declared);
  if (isList && declared.length !== 1) {
    report(where, 'declares a list of no kind, or of several.', 'declare a list as [Item]');
    return undefined;
  }
  const item = shapeOf(where, isList ? (declared as readonly unknown[])[0] : declared, report);
  if (item === undefined) return undefined;
  // Only of the whole reply: what is nested may well have all that is optional left out, and the rest of the reply says so.
  const look = item instanceof ObjectShape ? item.noteWrapper.bind(item) : undefined;
  return new ContainerShape(isList ? 'list' : 'one', item, false, look);
}

function shapeOf(where: string, type: unknown, report: ReportOutputProblem): OutputShape | undefined {
  if (type === String) return new ScalarShape('string');
  if (type === Number) return new ScalarShape('number');
  if (type === Boolean) return new ScalarShape('boolean');
  if (isStandardSchema(type)) return new SchemaShape(type);
  if (typeof type === 'function' && 'prototype' in type) return new ClassCompiler(report).compile(type as never);
  // A class of a file that imports this one is still undefined when the decorator runs.
  const problem =
    type === undefined ? 'declares undefined as its output: a circular import?' : 'declares an output that is no type.';
  report(where, problem, FIT);
  return undefined;
}
