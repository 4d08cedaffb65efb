// Follows a room on one of several nodes, and shows what it gets in order: messages, and the places
// where messages may be missing. Where its node is lost it goes on with the next one; what it may
// have missed meanwhile is a gap, too. The other side: ../follow.ts.

import { connect } from 'corosock/client';
import type { ClientSocket } from 'corosock/client';
import type { Line } from '../follow.ts';

/** Beyond it the oldest go: a page may stay open for days. */
const MOST_LINES = 1000;

const list = document.querySelector('ol') as HTMLOListElement;
/** Ids of messages that are in the list. */
const shown = new Set<string>();

const nodes = (await (await fetch('/nodes')).json()) as readonly [string, ...string[]];
let attempts = 0;
/** When this page last heard of a node that it followed; undefined before it has followed one. */
let heardMs: number | undefined;

try {
  for await (const ws of connect.each(nextNode, { maxDelayMs: 1000 })) await follow(ws);
} catch (error) {
  show('end', 'page', String(error));
}

/** Shows what one node sends, until that ends. */
async function follow(ws: ClientSocket): Promise<void> {
  let isFollowing = false;
  for (;;) {
    const [data, status] = await ws.readMessage();
    if (status !== 'ok') return;
    const line = JSON.parse(String(data)) as Line;
    isFollowing ||= 'following' in line;
    // What comes before may have missed something: it belongs to the gap of this page.
    if (isFollowing) showLine(line);
  }
}

function showLine(line: Line): void {
  // All that was published since the last line may be missing, also what was under way.
  if ('following' in line && heardMs !== undefined) {
    show('gap', 'page', `${seconds(now() - heardMs)}: this page was away`);
  }
  if ('gap' in line) show('gap', 'node', `${seconds(line.gap.forMs)}: its node has told so`);
  if ('id' in line) showMessage(line);
  heardMs = now();
}

/** Each attempt goes to the next node, as a load balancer would do it. */
function nextNode(): string {
  const node = nodes[attempts % nodes.length] ?? nodes[0];
  attempts += 1;
  return node;
}

function showMessage({ id, text }: { readonly id: string; readonly text: string }): void {
  // Another node has shown it before: this one is behind.
  if (shown.has(id)) return;
  shown.add(id);
  show('message', 'room', text);
  const [oldest] = shown;
  if (shown.size > MOST_LINES && oldest !== undefined) shown.delete(oldest);
}

function show(kind: 'message' | 'gap' | 'end', by: 'room' | 'node' | 'page', text: string): void {
  const line = document.createElement('li');
  line.className = kind;
  line.dataset['by'] = by;
  line.textContent = kind === 'gap' ? `Messages may be missing for ${text}` : text;
  list.append(line);
  while (list.childElementCount > MOST_LINES) list.firstElementChild?.remove();
  line.scrollIntoView({ block: 'nearest' });
}

function now(): number {
  return performance.now();
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
