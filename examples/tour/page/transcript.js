// What was said, and what each read made of it, one under the other. stage.js
// says what to add; nothing is known here of sockets.

/** Beyond it the oldest go: a visitor may leave a conversation running. */
const MOST_ENTRIES = 200;

/** @typedef {'ok' | 'timeout' | 'closed'} ReadStatus */

export class Transcript {
  /** @readonly @type {HTMLElement} */
  #log;

  /** @param {HTMLElement} log - An element with `role="log"`. */
  constructor(log) {
    this.#log = log;
  }

  clear() {
    this.#log.replaceChildren();
  }

  /** @param {string} text */
  addFromHandler(text) {
    this.#add('said-handler', spoken('Handler: '), text);
  }

  /** @param {string} text */
  addFromVisitor(text) {
    this.#add('said-visitor', spoken('You: '), text);
  }

  /**
   * @param {ReadStatus} status
   * @param {string} detail
   */
  addRead(status, detail) {
    const badge = document.createElement('b');
    badge.className = 'status';
    badge.dataset['status'] = status;
    badge.textContent = status;
    const call = document.createElement('code');
    call.textContent = 'read';
    const note = document.createElement('span');
    note.textContent = detail;
    this.#add('read', call, ' → ', badge, ' ', note);
  }

  /** @param {string} text */
  addEnd(text) {
    this.#add('end', text);
  }

  /**
   * @param {string} className
   * @param {(string | Node)[]} content
   */
  #add(className, ...content) {
    const entry = document.createElement('p');
    entry.className = className;
    entry.append(...content);
    this.#log.append(entry);
    while (this.#log.childElementCount > MOST_ENTRIES) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}

/** @param {string} text - For those who hear the page, and do not see which side a bubble is on. */
function spoken(text) {
  const element = document.createElement('span');
  element.className = 'spoken';
  element.textContent = text;
  return element;
}
