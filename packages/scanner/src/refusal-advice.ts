/** What to change, by the status of a refusal. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [101, 'it needs a credential: --token env:NAME or --cookie env:NAME'],
  [301, 'the server redirects; scan the address that it names'],
  [302, 'the server redirects; scan the address that it names'],
  [307, 'the server redirects; scan the address that it names'],
  [308, 'the server redirects; scan the address that it names'],
  [400, 'the path is wrong, or it asks for a subprotocol: --subprotocol NAME'],
  [401, 'it needs a credential: --token env:NAME or --cookie env:NAME'],
  [403, 'it asks for an Origin that it knows, --origin https://app.example.com, or for another credential'],
  [404, 'the path is wrong'],
  [421, 'it does not answer for this host: scan it by its name'],
]);

/**
 * What to change where the good handshake was refused.
 *
 * @param origin the one that was named; `undefined` for none
 * @param isSecure whether the target is `wss://`
 */
export function adviceFor(status: number, origin: string | undefined, isSecure: boolean): string {
  const advice = ADVICE.get(status) ?? 'look at what the server expects of a handshake';
  if (status !== 403 || origin === undefined) return advice;
  // A server may take local development from loopback Origins alone.
  const unencrypted = ', or TLS for it: leave --origin out on loopback, or scan wss://';
  return `it asks for another Origin than ${origin}${isSecure ? '' : unencrypted}; or for another credential`;
}
