// Three things in one loop: what the client says, what comes from elsewhere in the
// process, and a timer. None of them waits for another, and none is lost.

import { channel, every, select } from 'corosock';
import type { Channel, ServerSocket, Source } from 'corosock';

export class NewsDesk {
  readonly #readers = new Set<Channel<string>>();

  /** Tells everybody; who is far behind misses the oldest. */
  publish(text: string): void {
    for (const reader of this.#readers) void reader.put(text);
  }

  readonly server = async (ws: ServerSocket): Promise<void> => {
    const { clock } = ws;
    using news = channel<string>({ capacity: 8, whenFull: 'drop-oldest', clock });
    using minute = every(60_000, { clock });
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
