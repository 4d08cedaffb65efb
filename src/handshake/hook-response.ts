// The Response of a hook, of whatever class: frameworks and fetch libraries have their own, and
// some replace the global one. admission.ts passes what a hook has returned, and reads the body
// of what comes back; what is sent of it is refusal.ts's.

import { unattended } from '../waiting/abortable.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import { badArgument } from '../core/arguments.ts';
import { propertyOf } from '../core/object-like.ts';

/**
 * Tells a Response from a context, by its tag. A Response that was taken for a context would let
 * in the client that the hook has refused.
 *
 * @returns The Response itself when it is of the global class, else one of that class that takes
 *   its body from it; undefined for what is no Response.
 * @throws UsageError as {@link isResponse}; RangeError, TypeError for what looks like a Response
 *   and cannot be sent.
 */
export function responseFrom(returned: unknown): Response | undefined {
  if (!isResponse(returned)) return undefined;
  if (returned instanceof Response) return returned;
  const { body, status, statusText, headers } = returned;
  // Without a status it would be taken for 200; without headers it is no Response.
  const init = { status: Number(status), statusText, headers: new Headers([...headers]) };
  return new Response(body, init);
}

/**
 * Reads a copy of a Response to its end: it is sent with its length.
 *
 * @param over - Ends the wait: the source of the body is cancelled, and not waited for.
 * @throws RangeError for a status below 200; what the body fails with; the reason of `over`.
 */
export async function bodyOf(response: Response, over: LazySignal): Promise<Uint8Array> {
  if (response.status < 200) throw new RangeError(`A response of status ${response.status} is no answer`);
  const chunks: Uint8Array[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  const { body } = response.clone();
  if (body === null || response.body === null) return Buffer.alloc(0);
  try {
    await over.until(body.pipeTo(sink, { signal: over.signal }));
  } catch (error) {
    // The source goes on for as long as one of the two copies is not cancelled.
    void unattended(response.body.cancel(error));
    throw error;
  }
  return Buffer.concat(chunks);
}

/**
 * Tells a Response, of whatever class, by its tag.
 *
 * @throws UsageError `COROSOCK_ARGUMENT` for a plain object that says no more than a Response does,
 *   such as `{ status: 401 }`: its client would be let in.
 */
export function isResponse(value: unknown): value is Response {
  if (Object.prototype.toString.call(value) === '[object Response]') return true;
  const status = propertyOf(value, 'status');
  if (typeof status === 'number' && Object.keys(value as object).every((name) => PARTS.has(name)))
    throw badArgument('onPreServer', `a Response: return new Response(null, { status: ${status} })`, value);
  return false;
}

/** What the parts of a Response are called. */
const PARTS: ReadonlySet<string> = new Set(['status', 'statusText', 'headers', 'body']);
