// What browsers do in their own way, behind the name `#platform`: the same names
// as node.ts, over nothing but what every browser has.

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

/** Says nothing: a browser has no warnings but its console, which is the page's. */
export function warn(_text: string, _code: string): void {}

/** Does nothing: a browser lets any number listen. */
export function allowListeners(_signal: AbortSignal): void {}

/** Sets a timer; a page lives as long as its tab. */
export function startTimer(run: () => void, ms: number): unknown {
  return setTimeout(run, ms);
}

/** Runs it after the event loop has had a turn, in the order of the calls. */
export function nextTurn(run: () => void): void {
  turns.push(run);
  // A timer would come 4 ms later, and in a tab that nobody sees a second later.
  channel ??= openChannel();
  channel.port2.postMessage(undefined);
}

/** What waits for a turn of its own. */
const turns: (() => void)[] = [];
/** Where the turns come from; there only while somebody waits for one. */
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
