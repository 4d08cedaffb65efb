// The Response of a hook, of whatever class: frameworks and fetch libraries have
// their own, and some replace the global one. admission.ts hands over what a hook
// has returned, and reads the body of what comes back.

/**
 * Tells a Response from a context, by its tag: one that was taken for a context would
 * let in whom the hook has refused.
 *
 * @returns The Response itself when it is of the global class, else one of that class
 *   that takes its body from it; undefined for what is none.
 * @throws RangeError, TypeError when it looks like a Response and cannot be sent.
 */
export function responseFrom(returned: unknown): Response | undefined {
  if (!isTagged(returned)) return undefined;
  if (returned instanceof Response) return returned;
  const { body, status, statusText, headers } = returned;
  // Without a status it would be taken for 200; without headers it is none.
  const init = { status: Number(status), statusText, headers: new Headers([...headers]) };
  return new Response(body, init);
}

function isTagged(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]';
}
