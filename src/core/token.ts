// The syntax of names in HTTP headers: subprotocols, cookie names and header names are tokens.
// Checks of options and of handshakes call it.

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

/** Tells whether a value is a token: it can stand in a header as it is. */
export function isToken(name: unknown): name is string {
  return typeof name === 'string' && TOKEN.test(name);
}
