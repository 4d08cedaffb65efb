// What processes say to each other over the channel of `process.send`, which the program may use
// for messages of its own. Bytes are base64: by default that channel speaks JSON. Sent and read by
// process-relay.ts.

import { isAddress } from '../hub/broker-address.ts';
import { MAX_ENVELOPE_BYTES } from '../hub/envelope.ts';
import { propertyOf } from '../core/object-like.ts';

interface OfDeployment {
  /** The prefix of the deployment. */
  readonly corosock: string;
}

/** A message of a publisher, at most as long as an envelope. `n` is answered by `ok`. */
export interface PublishMessage extends OfDeployment {
  readonly kind: 'publish';
  readonly address: string;
  readonly base64: string;
  readonly n: number;
}

/** What a child says. */
export type ChildMessage =
  | PublishMessage
  | (OfDeployment & { readonly kind: 'hello' })
  | (OfDeployment & { readonly kind: 'ping'; readonly n: number })
  | (OfDeployment & { readonly kind: 'subscribe'; readonly addresses: readonly string[]; readonly n: number })
  | (OfDeployment & { readonly kind: 'unsubscribe'; readonly address: string });

/** What a parent says. */
export type ParentMessage =
  | PublishMessage
  | (OfDeployment & { readonly kind: 'welcome'; readonly relay: string })
  | (OfDeployment & { readonly kind: 'lost' | 'bye' })
  | (OfDeployment & { readonly kind: 'ok' | 'refused'; readonly n: number });

type Kind = ChildMessage['kind'] | ParentMessage['kind'];
type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
/** Longer ones are never decoded. */
const MAX_BASE64 = Math.ceil(MAX_ENVELOPE_BYTES / 3) * 4;
const isBase64: Check = (value) => typeof value === 'string' && value.length <= MAX_BASE64;
const isAddresses: Check = (value) => Array.isArray(value) && value.every((address) => isAddress(address));

/** What each kind has to have: the other process may be of another release, or broken. */
const FIELDS: Readonly<Record<Kind, ReadonlyArray<readonly [name: string, check: Check]>>> = {
  publish: [
    ['address', isAddress],
    ['base64', isBase64],
    ['n', isNumber],
  ],
  subscribe: [
    ['addresses', isAddresses],
    ['n', isNumber],
  ],
  unsubscribe: [['address', isAddress]],
  ping: [['n', isNumber]],
  ok: [['n', isNumber]],
  refused: [['n', isNumber]],
  welcome: [['relay', isText]],
  hello: [],
  lost: [],
  bye: [],
};

const OF_CHILD: ReadonlySet<Kind> = new Set(['publish', 'hello', 'ping', 'subscribe', 'unsubscribe']);
const OF_PARENT: ReadonlySet<Kind> = new Set(['publish', 'welcome', 'lost', 'bye', 'ok', 'refused']);

/** Gives what a child of the deployment says; undefined for the program's messages, and rubbish. */
export function childMessageOf(value: unknown, prefix: string): ChildMessage | undefined {
  return isOf(value, prefix, OF_CHILD) ? (value as ChildMessage) : undefined;
}

/** Gives what the parent says; undefined for messages of the program, and rubbish. */
export function parentMessageOf(value: unknown, prefix: string): ParentMessage | undefined {
  return isOf(value, prefix, OF_PARENT) ? (value as ParentMessage) : undefined;
}

function isOf(value: unknown, prefix: string, kinds: ReadonlySet<Kind>): boolean {
  if (propertyOf(value, 'corosock') !== prefix) return false;
  const kind = propertyOf(value, 'kind') as Kind;
  return kinds.has(kind) && FIELDS[kind].every(([name, check]) => check(propertyOf(value, name)));
}
