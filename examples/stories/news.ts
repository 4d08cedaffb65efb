// Three things in one loop: what the client says, what comes from elsewhere in the
// process, and a timer. None of them waits for another, and none is lost.

import { channel, every, select } from 'corosock';
import type { Channel, Clock, ServerSocket, Source } from 'corosock';

export class NewsDesk {
  readonly #readers = new Set<Channel<string>>();
  readonly #clock: { readonly clock?: Clock };

  /** @param clock - The real one, unless a test has another. */
  constructor(clock?: Clock) {
    this.#clock = clock === undefined ? {} : { clock };
  }

  /** Tells everybody; who is far behind misses the oldest. */
  publish(text: string): void {
    for (const reader of this.#readers) void reader.put(text);
  }

  readonly server = async (ws: ServerSocket): Promise<void> => {
    using news = channel<string>({ capacity: 8, whenFull: 'drop-oldest', ...this.#clock });
    using minute = every(60_000, this.#clock);
    this.#readers.add(news);
    try {
      await tell(ws, news, minute);
    } finally {
      this.#readers.delete(news);
    }
  };
}

async function tell(ws: ServerSocket, news: Channel<string>, minute: Source<number>): Promise<void> {
  let minutes = 0;
  for (;;) {
    const taken = await select({ ws, news, minute });
    switch (taken[0]) {
      case 'ws': {
        const [said, status] = taken[1];
        if (status !== 'ok') return;
        await ws.write(said === 'time' ? `You have been here for ${minutes} minutes` : 'Ask for the time');
        break;
      }
      case 'news':
        await ws.write(`News: ${taken[1][0]}`);
        break;
      case 'minute':
        // However many have passed: a slow reader gets one tick.
        minutes += taken[1];
        await ws.write('No news is good news');
        break;
    }
  }
}
