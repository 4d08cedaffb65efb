// What other `upgrade` listeners of an http server do to the upgrades of a host: node:http calls
// all of them for each upgrade, and the first answer counts. upgrade-registry.ts has it watch
// where there are others; a server without them costs nothing here.

import type { Duplex } from 'node:stream';
import type { Report } from './report.ts';
import { show } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';

/** Reports, once for a host, that another listener answers what is the host's. */
export class OtherListeners {
  readonly #report: Report;
  #isReported = false;

  constructor(report: Report) {
    this.#report = report;
  }

  /**
   * Lets the host answer an upgrade, unless that is answered already. Looks in the next tick
   * whether another listener has ended the stream behind it.
   *
   * @param path - Of the request, for the report.
   * @param answer - Called at once, or not at all.
   */
  watch(stream: Duplex, path: string, answer: () => void): void {
    if (stream.writableEnded) return this.#tell(path);
    answer();
    if (isOver(stream)) return;
    process.nextTick(() => {
      if (isOver(stream)) this.#tell(path);
    });
  }

  #tell(path: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const error = new UsageError(
      'COROSOCK_OTHER_LISTENER',
      `attach(): expected upgrades for ${show(path)} to be left to this host, but another 'upgrade' ` +
        'listener of the http server has answered one. A WebSocketServer of ws with { server, path } ' +
        'answers 400 to all other paths: make it with { noServer: true }, and call its handleUpgrade ' +
        'for its own path',
    );
    this.#report(error, { phase: 'handshake' });
  }
}

function isOver(stream: Duplex): boolean {
  return stream.writableEnded || stream.destroyed;
}
