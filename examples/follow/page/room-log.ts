// The list of what a page gets of a room, in order: messages, and the places where messages may be
// missing. What a page may have missed while it had no node is a gap, too.

import type { Line } from '../follow.ts';

/** Beyond it the oldest go: a page may stay open for days. */
const MOST_LINES = 1000;

/** Shows the lines of one room. */
export class RoomLog {
  readonly #list: HTMLOListElement;
  /** Ids of messages that are in the list. */
  readonly #shown = new Set<string>();
  /** When this page last heard of a node that it followed; undefined before it has followed one. */
  #heardMs: number | undefined;
  #isFollowing = false;

  constructor(list: HTMLOListElement) {
    this.#list = list;
  }

  /** Each socket begins anew: until its `following` it may miss something. */
  begin(): void {
    this.#isFollowing = false;
  }

  take(line: Line): void {
    this.#isFollowing ||= 'following' in line;
    // What comes before may have missed something: it belongs to the gap of this page.
    if (!this.#isFollowing) return;
    // All that was published since the last line may be missing, also what was under way.
    if ('following' in line && this.#heardMs !== undefined) {
      this.#showGap('page', `${seconds(performance.now() - this.#heardMs)}: this page was away`);
    }
    if ('gap' in line) this.#showGap('node', `${seconds(line.gap.forMs)}: its node has told so`);
    if ('id' in line) this.#showMessage(line);
    this.#heardMs = performance.now();
  }

  /** Adds a line. @param by - Whose: of a page, a node, or the room; or the number of a node. */
  show(kind: 'message' | 'gap' | 'end', by: string, text: string): void {
    const line = document.createElement('li');
    line.className = kind;
    line.dataset['by'] = by;
    line.textContent = text;
    this.#list.append(line);
    while (this.#list.childElementCount > MOST_LINES) this.#list.firstElementChild?.remove();
    line.scrollIntoView({ block: 'nearest' });
  }

  #showGap(by: 'node' | 'page', why: string): void {
    this.show('gap', by, `Messages may be missing for ${why}`);
  }

  #showMessage({ id, text, node }: Extract<Line, { readonly id: string }>): void {
    // Another node has shown it before: this one is behind.
    if (this.#shown.has(id)) return;
    this.#shown.add(id);
    this.show('message', String(node ?? 'room'), text);
    const [oldest] = this.#shown;
    if (this.#shown.size > MOST_LINES && oldest !== undefined) this.#shown.delete(oldest);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
