// What processes say to each other over the channel of `process.send`, which the program may use
// for messages of its own. Bytes are base64: by default that channel speaks JSON. Sent and read by
// process-relay.ts.

import { propertyOf } from '../core/object-like.ts';

interface OfDeployment {
  /** The prefix of the deployment. */
  readonly corosock: string;
}

/** A message of a publisher. `n` is answered by `ok`. */
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
  | (OfDeployment & { readonly kind: 'ok'; readonly n: number });

const OF_CHILD: ReadonlySet<unknown> = new Set<ChildMessage['kind']>([
  'publish',
  'hello',
  'ping',
  'subscribe',
  'unsubscribe',
]);
const OF_PARENT: ReadonlySet<unknown> = new Set<ParentMessage['kind']>([
  'publish',
  'welcome',
  'lost',
  'bye',
  'ok',
]);

/** Gives what a child of the deployment says; undefined for messages of the program. */
export function childMessageOf(value: unknown, prefix: string): ChildMessage | undefined {
  return isOf(value, prefix, OF_CHILD) ? (value as ChildMessage) : undefined;
}

/** Gives what the parent says; undefined for messages of the program. */
export function parentMessageOf(value: unknown, prefix: string): ParentMessage | undefined {
  return isOf(value, prefix, OF_PARENT) ? (value as ParentMessage) : undefined;
}

function isOf(value: unknown, prefix: string, kinds: ReadonlySet<unknown>): boolean {
  return propertyOf(value, 'corosock') === prefix && kinds.has(propertyOf(value, 'kind'));
}
