// One conversation with one handler: the WebSocket it is held on, and a second
// one that tells what the handler's reads do. stage.js opens a visit and shows
// what it is given, in the order in which it happened.

import { InOrder } from './in-order.js';

/** @import { Report, Sighting } from '../watch-reads.ts' */

/**
 * @typedef {object} VisitSink
 * @property {(text: string) => void} message - The handler wrote.
 * @property {(sighting: Sighting) => void} sighting - A read began or ended, or the handler left.
 * @property {(code: number) => void} over - The last thing it hears: the close code that the browser saw.
 */

export class Visit {
  /** @readonly @type {WebSocket} */
  #watch;
  /** @type {WebSocket | undefined} Absent until the server is watching. */
  #talk;
  /** @readonly @type {InOrder<Sighting & { written: number }>} */
  #order;
  /** @readonly @type {VisitSink} */
  #sink;
  /** The handler has left, or can be watched no more. */
  #left = false;
  /** @type {number | undefined} Once the conversation's socket is closed. */
  #code;

  /**
   * @param {string} handler - Its path.
   * @param {VisitSink} sink
   */
  constructor(handler, sink) {
    const name = visitName();
    this.#sink = sink;
    this.#order = new InOrder(sink.message, (sighting) => {
      sink.sighting(sighting);
      if (sighting.kind === 'left') this.#watch.close();
    });
    this.#watch = openSocket(`/watch/${name}`);
    this.#watch.addEventListener('message', ({ data }) => {
      const report = /** @type {Report} */ (JSON.parse(String(data)));
      if (report.kind === 'watching') this.#begin(`/${handler}/${name}`);
      else this.#order.sighting(report);
    });
    this.#watch.addEventListener('close', ({ code }) => this.#onWatchClose(code));
  }

  /** @param {string} text */
  send(text) {
    this.#talk?.send(text);
  }

  /** Closes the conversation from this side, wherever it is. */
  close() {
    this.#talk?.close();
  }

  /** @param {string} path */
  #begin(path) {
    this.#talk = openSocket(path);
    this.#talk.addEventListener('message', ({ data }) => this.#order.message(String(data)));
    this.#talk.addEventListener('close', ({ code }) => {
      this.#code = code;
      this.#order.endMessages();
      this.#endWhenOver();
    });
  }

  /** @param {number} code */
  #onWatchClose(code) {
    this.#left = true;
    if (this.#talk === undefined) this.#code = code;
    this.#order.endSightings();
    this.#endWhenOver();
  }

  #endWhenOver() {
    if (this.#left && this.#code !== undefined) this.#sink.over(this.#code);
  }
}

/** @param {string} path */
function openSocket(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  return new WebSocket(url);
}

/** Unguessable, so that nobody watches another's visit. (`randomUUID` is not to be had on every origin.) */
function visitName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
