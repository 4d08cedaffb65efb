// Messages and sightings come over two sockets, so they can overtake each other.
// Each sighting says how many messages the handler had sent before it; this puts
// both back into the order in which they happened. visit.js hands them in, and
// gives what comes out to the page.

/**
 * @template {{ readonly written: number }} Sighting
 */
export class InOrder {
  /** @readonly @type {string[]} Come, and not yet shown. */
  #messages = [];
  /** @readonly @type {Sighting[]} Come, and not yet shown. */
  #sightings = [];
  /** How many messages have been shown. */
  #shown = 0;
  /** Whether more of either can come. */
  #moreMessages = true;
  #moreSightings = true;
  /** @readonly @type {(text: string) => void} */
  #showMessage;
  /** @readonly @type {(sighting: Sighting) => void} */
  #showSighting;

  /**
   * @param {(text: string) => void} showMessage
   * @param {(sighting: Sighting) => void} showSighting
   */
  constructor(showMessage, showSighting) {
    this.#showMessage = showMessage;
    this.#showSighting = showSighting;
  }

  /** @param {string} text */
  message(text) {
    this.#messages.push(text);
    this.#show();
  }

  /** @param {Sighting} sighting */
  sighting(sighting) {
    this.#sightings.push(sighting);
    this.#show();
  }

  /** The conversation's socket is closed: what waits for a message waits no longer. */
  endMessages() {
    this.#moreMessages = false;
    this.#show();
  }

  /** Nobody watches any more: messages are shown as they come. */
  endSightings() {
    this.#moreSightings = false;
    this.#show();
  }

  #show() {
    for (let next = this.#sightings[0]; next !== undefined; next = this.#sightings[0]) {
      this.#showMessages(next.written - this.#shown);
      if (this.#shown < next.written && this.#moreMessages) return;
      this.#sightings.shift();
      this.#showSighting(next);
    }
    if (!this.#moreSightings) this.#showMessages(this.#messages.length);
  }

  /** @param {number} count - At most. */
  #showMessages(count) {
    for (const text of this.#messages.splice(0, Math.max(0, count))) {
      this.#shown += 1;
      this.#showMessage(text);
    }
  }
}
