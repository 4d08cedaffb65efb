// What the handler is doing now, with the time it will still wait. stage.js says
// when a wait begins and ends; how it ended is the transcript's to tell.

/** Often enough for a countdown in seconds. */
const REFRESH_MS = 200;

export class WaitStrip {
  /** @readonly @type {HTMLElement} */
  #strip;
  /** @readonly @type {HTMLElement} */
  #text;
  /** @readonly @type {readonly HTMLElement[]} Where the seconds are shown. */
  #clocks;
  /** @type {number | undefined} When this wait began. */
  #since;
  /** @type {number} When it has to end. */
  #until = Infinity;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #interval;

  /**
   * @param {HTMLElement} strip
   * @param {HTMLElement} text - What is being waited for.
   * @param {readonly HTMLElement[]} clocks - Each shows the seconds that are left.
   */
  constructor(strip, text, clocks) {
    this.#strip = strip;
    this.#text = text;
    this.#clocks = clocks;
  }

  /** Whether the handler waits. */
  get waiting() {
    return this.#since !== undefined;
  }

  /**
   * @param {string} text
   * @param {number} timeoutMs - Infinity shows no countdown.
   */
  begin(text, timeoutMs) {
    this.end('');
    this.#since = performance.now();
    this.#until = this.#since + timeoutMs;
    this.#text.textContent = text;
    this.#strip.classList.add('is-waiting');
    this.#strip.style.setProperty('--wait', `${Math.min(timeoutMs, 2 ** 31)}ms`);
    this.#interval = setInterval(() => this.#showTime(), REFRESH_MS);
    this.#showTime();
  }

  /**
   * @param {string} text - What it does instead.
   * @returns {number} How long it has waited, in milliseconds.
   */
  end(text) {
    clearInterval(this.#interval);
    const waitedMs = performance.now() - (this.#since ?? performance.now());
    this.#since = undefined;
    this.#text.textContent = text;
    this.#strip.classList.remove('is-waiting');
    for (const clock of this.#clocks) clock.textContent = '';
    return waitedMs;
  }

  #showTime() {
    if (this.#until === Infinity) return;
    const seconds = Math.max(0, Math.ceil((this.#until - performance.now()) / 1000));
    for (const clock of this.#clocks) clock.textContent = `${seconds} s`;
  }
}
