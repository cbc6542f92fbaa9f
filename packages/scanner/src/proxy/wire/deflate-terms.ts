const NAME = 'permessage-deflate';
/** Each message by itself (RFC 7692 section 7.1.1): one that is changed or dropped spoils none behind it. */
const ALONE = ['server_no_context_takeover', 'client_no_context_takeover'] as const;

/**
 * What the proxy offers to the target of what a client offers: compression that can be read, changed and left out message by
 * message. Every other extension is left out, since nobody could read what goes through.
 */
export function offeredExtensions(offers: string): string | undefined {
  const kept = extensionsOf(offers).filter(([name]) => name === NAME);
  return kept.length === 0 ? undefined : kept.map(alone).join(', ');
}

/**
 * What the client is told of the answer to {@link offeredExtensions}.
 *
 * @returns `undefined` for what was not offered like that: then nothing could be read.
 */
export function agreedExtensions(answer: string): string | undefined {
  const [agreed = [], ...others] = extensionsOf(answer);
  const isReadable = agreed[0] === NAME && agreed.includes(ALONE[0]) && others.length === 0;
  return isReadable ? alone(agreed) : undefined;
}

function alone(extension: readonly string[]): string {
  return [...extension, ...ALONE.filter((one) => !extension.includes(one))].join('; ');
}

/** The names with their parameters, each without blanks around it. */
function extensionsOf(field: string): readonly (readonly string[])[] {
  return field.split(',').map((extension) => extension.split(';').map((part) => part.trim()));
}
