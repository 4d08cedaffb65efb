// One handler's panel: the conversation, what the handler does now, the ways to
// go wrong, the source. page.js makes three of them; visit.js talks to the server;
// transcript.js, wait-strip.js and source-view.js show what came of it.

import { SourceView } from './source-view.js';
import { Transcript } from './transcript.js';
import { Visit } from './visit.js';
import { WaitStrip } from './wait-strip.js';

/** @import { Sighting } from '../watch-reads.ts' */

/** One byte more than the library takes by default. */
const HUGE_MESSAGE_BYTES = 2 ** 20 + 1;

/** What the close codes mean on this page. @type {Readonly<Record<number, string>>} */
const ENDINGS = {
  1000: 'The handler returned, so the library closed the socket: code 1000.',
  1001: 'The server is shutting down: code 1001.',
  1005: 'You closed the socket. The handler heard of it from its read, and returned.',
  1006: 'No link to the server: code 1006. Is it still running?',
  1009: 'Too big: more than 1 MiB, so the library closed the socket with code 1009.',
  1011: 'The handler threw, so the library closed the socket: code 1011.',
};

export class Stage {
  /** @readonly @type {HTMLElement} */
  #panel;
  /** @readonly @type {string} */
  #name;
  /** @readonly @type {Transcript} */
  #transcript;
  /** @readonly @type {WaitStrip} */
  #strip;
  /** @readonly @type {SourceView} */
  #source;
  /** @type {Visit | undefined} The conversation, while there is one. */
  #visit;
  /** @type {(() => void) | undefined} What the visitor has asked for, to be done once the handler waits. */
  #atNextWait;
  /** @readonly @type {(running: boolean) => void} */
  #onRunning;

  /**
   * @param {HTMLElement} panel - Filled from the page's template.
   * @param {string} name - The handler's path, and its file's name without the ending.
   * @param {(running: boolean) => void} onRunning - Told when a conversation begins and ends.
   */
  constructor(panel, name, onRunning) {
    this.#panel = panel;
    this.#name = name;
    this.#onRunning = onRunning;
    this.#transcript = new Transcript(this.#part('log'));
    this.#strip = new WaitStrip(this.#part('wait'), this.#part('wait-text'), [
      this.#part('wait-left'),
      this.#part('turn-left'),
    ]);
    this.#source = new SourceView(this.#part('code'));

    this.#part('composer').addEventListener('submit', (event) => this.#onSubmit(event));
    this.#part('start').addEventListener('click', () => this.#onStart());
    this.#onTurn('turn-close', () => this.#visit?.close());
    this.#onTurn('turn-wait', () => this.#setIdling(true));
    this.#onTurn('turn-huge', () => this.#sendHuge());
  }

  /** Fetches and shows the handler's source. */
  async showSource() {
    const lines = await this.#source.show(`/handlers/${this.#name}.ts`);
    this.#part('file').textContent = `handlers/${this.#name}.ts`;
    this.#part('length').textContent = `${lines} lines`;
  }

  // Called by the visitor.

  #onStart() {
    this.#begin();
    this.#input.focus();
  }

  /** @param {Event} event */
  #onSubmit(event) {
    event.preventDefault();
    this.#setIdling(false);
    this.#visit?.send(this.#input.value);
    this.#transcript.addFromVisitor(this.#input.value);
    this.#input.value = '';
  }

  /**
   * One click is enough: a wrong turn begins the conversation where there is none.
   *
   * @param {string} part
   * @param {() => void} turn
   */
  #onTurn(part, turn) {
    this.#part(part).addEventListener('click', () => {
      if (this.#strip.waiting) return turn();
      this.#atNextWait = turn;
      if (this.#visit === undefined) this.#begin();
    });
  }

  #sendHuge() {
    this.#transcript.addFromVisitor(`xxxxxxxx… (${HUGE_MESSAGE_BYTES.toLocaleString('en')} bytes)`);
    this.#visit?.send('x'.repeat(HUGE_MESSAGE_BYTES));
  }

  #begin() {
    this.#transcript.clear();
    this.#strip.end('Calling the handler');
    this.#visit = new Visit(this.#name, {
      message: (text) => this.#transcript.addFromHandler(text),
      sighting: (sighting) => this.#onSighting(sighting),
      over: (code) => this.#onOver(code),
    });
    this.#setRunning(true);
  }

  // Called by the visit.

  /** @param {Sighting} sighting */
  #onSighting(sighting) {
    switch (sighting.kind) {
      case 'waiting':
        return this.#onWaiting(sighting);
      case 'ok':
        return this.#onRead('ok');
      case 'timeout':
        return this.#onRead('timeout');
      case 'closed':
        return this.#onRead('closed', `code ${sighting.code}, by ${sighting.by}`);
      case 'left':
        this.#strip.end(sighting.threw ? 'The handler threw' : 'The handler has returned');
    }
  }

  /** @param {Extract<Sighting, { kind: 'waiting' }>} wait */
  #onWaiting({ line, timeoutMs = Infinity }) {
    this.#source.waitAt(line);
    this.#strip.begin(line === undefined ? 'Waiting in read' : `Waiting in read, line ${line}`, timeoutMs);
    const turn = this.#atNextWait;
    this.#atNextWait = undefined;
    turn?.();
  }

  /**
   * @param {'ok' | 'timeout' | 'closed'} status
   * @param {string} [detail] - Default: how long it took.
   */
  #onRead(status, detail) {
    this.#setIdling(false);
    this.#source.settle(status);
    const seconds = (this.#strip.end('Working') / 1000).toFixed(1);
    this.#transcript.addRead(status, detail ?? `after ${seconds} s`);
  }

  /** @param {number} code */
  #onOver(code) {
    this.#visit = undefined;
    this.#atNextWait = undefined;
    this.#setIdling(false);
    this.#strip.end('The conversation is over');
    this.#transcript.addEnd(ENDINGS[code] ?? `The socket is closed: code ${code}.`);
    this.#part('start').textContent = 'Start again';
    this.#setRunning(false);
  }

  // What is shown.

  /** @param {boolean} running */
  #setRunning(running) {
    const hadFocus = this.#part('composer').contains(document.activeElement);
    this.#part('composer').hidden = !running;
    this.#part('start').hidden = running;
    if (hadFocus && !running) this.#part('start').focus();
    this.#onRunning(running);
  }

  /** @param {boolean} idling - The visitor waits too long, on purpose. */
  #setIdling(idling) {
    this.#part('turn-wait').setAttribute('aria-pressed', String(idling));
    this.#input.placeholder = idling ? 'Do nothing, and watch' : 'Say something';
  }

  get #input() {
    return /** @type {HTMLInputElement} */ (this.#part('input'));
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  #part(name) {
    const part = this.#panel.querySelector(`[data-part="${name}"]`);
    if (!(part instanceof HTMLElement)) throw new Error(`The page's template lacks its part '${name}'.`);
    return part;
  }
}
