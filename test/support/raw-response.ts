/** A response as it came off the wire. */
export interface RawResponse {
  readonly status: number;
  /** With lower-case names, in the order in which they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Everything after the head: for a refusal its body and whatever should not follow it. */
  readonly body: Buffer;
}

/** @throws Error when the bytes do not begin with a complete response head. */
export function parseResponse(bytes: Buffer): RawResponse {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) throw new Error(`Expected a response, and got ${bytes.length} bytes without a complete head.`);
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) [A-Z][A-Za-z -]+$/.exec(statusLine)?.[1];
  if (status === undefined) throw new Error(`This is no status line: ${JSON.stringify(statusLine)}`);
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { status: Number(status), fields, body: bytes.subarray(end + 4) };
}

/** The value of a field. @throws Error when it occurs twice. */
export function fieldOf({ fields }: RawResponse, name: string): string | undefined {
  const values = fields.filter(([other]) => other === name);
  if (values.length > 1) throw new Error(`The response has ${values.length} fields "${name}".`);
  return values[0]?.[1];
}
