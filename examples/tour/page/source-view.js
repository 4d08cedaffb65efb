// A handler's source beside its conversation: fetched as it is on the server's
// disk, lightly coloured, with a mark at the line where the handler waits.
// stage.js says which line that is.

/** In order of precedence: comment, string or template, number, word, read. */
const TOKEN =
  /(?<comment>\/\/.*)|(?<string>'[^'\n]*'|`[^`\n]*`)|(?<number>\b\d[\d_]*\b)|(?<keyword>\b(?:as|async|await|break|const|continue|else|export|for|from|function|if|import|let|of|return|type)\b)/g;

export class SourceView {
  /** @readonly @type {HTMLElement} */
  #code;
  /** @type {HTMLElement | undefined} The line that is marked. */
  #marked;

  /** @param {HTMLElement} code - Where the lines go. */
  constructor(code) {
    this.#code = code;
  }

  /**
   * Shows a file.
   *
   * @param {string} path
   * @returns {Promise<number>} How many lines it has.
   */
  async show(path) {
    const response = await fetch(path);
    const source = await response.text();
    const lines = source.trimEnd().split('\n');
    this.#code.replaceChildren(...lines.map(lineElement));
    return lines.length;
  }

  /**
   * Marks the line where the handler waits, or how its wait ended.
   *
   * @param {number | undefined} line - From 1; undefined marks nothing.
   */
  waitAt(line) {
    delete this.#marked?.dataset['status'];
    this.#marked = undefined;
    const element = line === undefined ? undefined : this.#code.children[line - 1];
    if (!(element instanceof HTMLElement)) return;
    element.dataset['status'] = 'waiting';
    this.#marked = element;
  }

  /** @param {'ok' | 'timeout' | 'closed'} status - How the wait ended. */
  settle(status) {
    if (this.#marked !== undefined) this.#marked.dataset['status'] = status;
  }
}

/** @param {string} line */
function lineElement(line) {
  const element = document.createElement('span');
  element.className = 'line';
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    const token = document.createElement('span');
    token.className = `token-${kind}`;
    token.textContent = match[0];
    element.append(line.slice(end, match.index), token);
    end = match.index + match[0].length;
  }
  element.append(line.slice(end), '\n');
  return element;
}
