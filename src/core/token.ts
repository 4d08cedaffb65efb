// The syntax of HTTP headers: subprotocols, cookie names and header names are tokens.
// Checks of options and of handshakes call it.

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

/** Tells whether a value is a token: it can stand in a header as it is. */
export function isToken(name: unknown): name is string {
  return typeof name === 'string' && TOKEN.test(name);
}

/** RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Tells whether a value can stand in a header line: text of ISO-8859-1 in one line. */
export function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && FIELD_VALUE.test(value);
}
