// The tour itself: one http server with the page on it and, attached to it, the
// three handlers. server.ts opens it from the command line, its spec on a
// free port; the page is in page/, the handlers are in handlers/.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attach } from 'corosock';
import type { HostOptions } from 'corosock';
import { echo } from './handlers/echo.ts';
import { guessTheNumber } from './handlers/guess-the-number.ts';
import { quiz } from './handlers/quiz.ts';
import { answerPageRequest } from './page-files.ts';
import { ReadWatch } from './watch-reads.ts';

/** Served to this machine only. */
const HOSTNAME = '127.0.0.1';

/** A tour that is open to visitors. */
export interface Tour {
  /** Where the page is. */
  readonly url: string;
  /** Takes leave of every visitor at once, and frees the port. */
  close(): Promise<void>;
}

/**
 * Opens the tour.
 *
 * @param port - 0 to 65535; 0 is any free port.
 * @param options - Handed on to the library.
 * @throws What `listen` says: `EADDRINUSE` when the port is taken.
 */
export async function openTour(port: number, options: HostOptions = {}): Promise<Tour> {
  const reads = new ReadWatch();
  const server = createServer((request, response) => void answerPageRequest(request, response));
  const host = attach(
    server,
    {
      '/echo/:visit': reads.watched(echo),
      '/guess-the-number/:visit': reads.watched(guessTheNumber),
      '/quiz/:visit': reads.watched(quiz),
      '/watch/:visit': reads.watch,
    },
    options,
  );

  server.listen(port, HOSTNAME);
  await once(server, 'listening');

  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      await host.close({ graceMs: 0 });
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
