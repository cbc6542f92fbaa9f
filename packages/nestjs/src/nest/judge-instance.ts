import type { ArgumentMetadata, Type, ValidationPipe } from '@nestjs/common';
import { validate, type ValidationError, type ValidatorOptions } from 'class-validator';

/** What a `ValidationPipe` keeps to itself. */
interface PipeParts {
  readonly validatorOptions?: ValidatorOptions;
  readonly exceptionFactory: (errors: ValidationError[]) => unknown;
  toValidate(argument: ArgumentMetadata): boolean;
}

/**
 * Judges an object as a `ValidationPipe` would, and transforms nothing: what a `@Transform` has made of a message is not
 * put through it once more (F11).
 *
 * One of another class is judged by the rules of the type alone. That it has more properties, its own class says.
 *
 * @throws whatever the pipe throws for what it refuses.
 */
export async function judgeInstance(
  pipe: ValidationPipe,
  instance: object,
  type: Type,
  argument: ArgumentMetadata,
): Promise<void> {
  const parts = pipe as unknown as PipeParts;
  if (!parts.toValidate({ ...argument, metatype: type })) return;
  const isOther = instance.constructor !== type;
  const judged = isOther ? Object.assign(Object.create(type.prototype as object) as object, instance) : instance;
  const { whitelist = false, forbidNonWhitelisted = false, ...options } = parts.validatorOptions ?? {};
  const errors = await validate(judged, {
    ...options,
    // Without the second, the first would remove properties of what the handler is about to get.
    ...(whitelist && forbidNonWhitelisted && !isOther ? { whitelist, forbidNonWhitelisted } : {}),
    // What an exception of the application tells of an error is not the message.
    validationError: { target: false, value: false, ...options.validationError },
  });
  if (errors.length > 0) throw await parts.exceptionFactory(errors);
}
