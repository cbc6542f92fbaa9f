import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';

/** The type of a parameter whose value the module has validated. A symbol that is copied along: `{ ...argument }` keeps it. */
const VALIDATED = Symbol('secure-ws:validated');

/** What a pipe is told of an argument, with that type. */
type ValidatedArgument = ArgumentMetadata & { readonly [VALIDATED]?: unknown };

/** A pipe that is told with each argument that it was validated. */
export function asValidated(pipe: PipeTransform): PipeTransform {
  return {
    transform: (value: unknown, argument): unknown => {
      const told: ValidatedArgument = { ...argument, [VALIDATED]: argument.metatype };
      return pipe.transform(value, told) as unknown;
    },
  };
}

/** Whether an argument was validated as the type that it is to be: nothing may transform it once more (F11). */
export function wasValidated(argument: ValidatedArgument): boolean {
  return VALIDATED in argument && argument[VALIDATED] === argument.metatype;
}
