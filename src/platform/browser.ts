// `#platform` in browsers: the same functions as node.ts, over what every browser has. package.json
// chooses between the two.

/** Finds none: a page need not load what tells how near two names are. It shows all names. */
export function nearName(_name: string, _known: Iterable<string>, _mostChanges?: number): string | undefined {
  return undefined;
}

/** Counts the bytes of text in UTF-8, where a lone surrogate counts as U+FFFD. */
export function textBytes(text: string): number {
  return encodeText(text).byteLength;
}

/** Gives text in UTF-8, where a lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Copies bytes into memory of their own. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Does nothing: a browser has no warnings but its console, which belongs to the page. */
export function warn(_text: string, _code: string): void {}

/** Tells of an error that no caller can be given: an `error` event of the page, and its console. */
export function warnOfError(error: unknown, _where: string): void {
  (globalThis as { reportError?: (error: unknown) => void }).reportError?.(error);
}

/** Does nothing: in a browser a signal may have any number of listeners. */
export function allowListeners(_signal: AbortSignal): void {}

/** Sets a timer. A page lives as long as its tab, whatever timers it has. */
export function startTimer(run: () => void, ms: number): unknown {
  return setTimeout(run, ms);
}

/** Runs a function behind the promise jobs that are queued by now, in the order of the calls. */
export function inMicrotask(run: () => void): void {
  queueMicrotask(run);
}

/** Runs a function after a turn of the event loop, in the order of the calls. */
export function nextTurn(run: () => void): void {
  turns.push(run);
  // A message port, because a timer runs 4 ms later, and in a hidden tab a second later.
  channel ??= openChannel();
  channel.port2.postMessage(undefined);
}

/** Functions that wait for a turn, each for its own. */
const turns: (() => void)[] = [];
/** The ports whose messages give the turns. Open only while a function waits. */
let channel: Channel | undefined;

interface Channel {
  readonly port1: {
    addEventListener(name: 'message', listener: () => void): void;
    start(): void;
    close(): void;
  };
  readonly port2: { postMessage(message: undefined): void };
}

function openChannel(): Channel {
  const opened = new MessageChannel() as unknown as Channel;
  opened.port1.addEventListener('message', () => {
    const run = turns.shift();
    if (turns.length === 0) {
      opened.port1.close();
      channel = undefined;
    }
    run?.();
  });
  opened.port1.start();
  return opened;
}
