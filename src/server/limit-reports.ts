// What a host tells of the limits that its sockets meet, so that their options are found: a socket
// that a limit has ended, and a queue that stays full because no read takes from it. Runs call it;
// peer-faults.ts keeps the number of reports small.

import type { PeerFaults } from './peer-faults.ts';
import { whereOf } from './report.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { UsageError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';

/** What is told of: a run, and the host that it belongs to. */
type LimitedRun = Parameters<typeof whereOf>[0] & {
  readonly conversation: { readonly settings: object };
};

/** What `report` gets when a limit has ended a socket: once for each host and limit. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
  readonly code = 'COROSOCK_LIMIT';
  /** The option that raises the limit; undefined for the one that has none: pongs not taken. */
  readonly option: string | undefined;

  constructor(option: string | undefined, value: unknown, route: string, { code, cause }: CloseInfo) {
    const now = typeof value === 'number' ? `, which is ${value} here` : '';
    const cure =
      option === undefined ? 'No option raises this limit' : `The option ${option} raises this limit${now}`;
    const said = cause instanceof Error ? cause.message : 'a limit was broken';
    super(`A socket of the route ${route} was closed with ${code}: ${said}. ${cure}`, { cause });
    this.option = option;
    // Only frames of the library and of `ws`.
    this.stack = String(this);
  }
}

/** Reports the end of a socket, if a limit has ended it. */
export function reportLimit(
  run: LimitedRun,
  end: CloseInfo,
  peerFaults: Pick<PeerFaults, 'reportOnce'>,
): void {
  if (end.by !== 'limit') return;
  const option = optionOf(end.cause);
  const value = option === undefined ? undefined : propertyOf(run.conversation.settings, option);
  const makeError = (): Error => new LimitError(option, value, run.route, end);
  peerFaults.reportOnce(`limit: ${option ?? 'pongs'}`, whereOf(run, 'limit'), makeError);
}

/** Reports a socket whose queue has been full for 30 s, and from which no read takes. */
export function reportUnread(
  run: LimitedRun,
  { messages, bytes }: { readonly messages: number; readonly bytes: number },
  peerFaults: Pick<PeerFaults, 'report'>,
): void {
  const makeError = (): Error =>
    new UsageError(
      'COROSOCK_UNREAD',
      `The queue of a socket of the route ${run.route} has been full for 30 s, and no read has taken a ` +
        `message: ${messages} messages (${bytes} bytes) wait, and the client is held back. ` +
        'Read them, or call ws.discard() where the server only writes',
    );
  peerFaults.report('read: unread', whereOf(run, 'read'), makeError);
}

function optionOf(cause: unknown): string | undefined {
  const option = propertyOf(cause, 'option');
  return typeof option === 'string' ? option : undefined;
}
