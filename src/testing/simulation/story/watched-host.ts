// The options of a host in a world: its story sees each socket before the handler begins, and a
// mistake of code under test fails the run, or the end of a world that a test drives. What peers
// and links do wrong is no mistake. world-hosts.ts asks for them.

import type { Story } from './story.ts';
import type { ServerSocket } from '../../../server/host.ts';
import type { HostOptions } from '../../../server/host-options.ts';
import type { Report } from '../../../server/report.ts';
import type { MessageSocket } from '../../../socket/message-socket.ts';
import { isOwnFrame } from '../../../platform/own-frames.ts';
import { propertyOf } from '../../../core/object-like.ts';

/** What hears of a host in a world. */
export interface Watch {
  /** Undefined where the run is not recorded. */
  readonly story: Story | undefined;
  /** Gets mistakes of code under test. */
  readonly onMistake: Report;
  /** Gets the other errors. */
  readonly onOther: Report;
}

/** Gives the options that watch a host. A `report` of its own is left as it is. */
export function watched({ onOpen, report }: HostOptions, { story, onMistake, onOther }: Watch): HostOptions {
  const own: HostOptions =
    report === undefined
      ? {
          report: (error, where) => {
            story?.reports(error, where);
            if (isMistake(error)) onMistake(error, where);
            else if (!isOutage(error)) onOther(error, where);
          },
        }
      : {};
  if (story === undefined) return own;
  return {
    ...own,
    onOpen: (ws) => {
      story.opened(ws as ServerSocket & MessageSocket);
      onOpen?.(ws);
    },
  };
}

/** A broker in a world is down because its seed, or its test, has cut it off. */
function isOutage(error: unknown): boolean {
  return propertyOf(error, 'code') === 'COROSOCK_BROKER_DOWN';
}

/** Reported of what peers, and the options of a host, bring about. */
const NO_MISTAKES: ReadonlySet<unknown> = new Set([
  'COROSOCK_UNREAD',
  'COROSOCK_ANY_ORIGIN',
  'COROSOCK_SESSION_SECRET',
  'COROSOCK_SESSION_NODES',
  'ABORT_ERR',
]);

/**
 * Tells whether an error is a mistake of code under test: what it has thrown, or a wrong call. An
 * error of this package's own is none, such as that a handler runs on after its socket.
 */
export function isMistake(error: unknown): boolean {
  const code = propertyOf(error, 'code');
  if (NO_MISTAKES.has(code)) return false;
  if (propertyOf(error, 'name') === 'UsageError') return true;
  if (typeof code === 'string' && code.startsWith('COROSOCK_')) return false;
  const stack = propertyOf(error, 'stack');
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  return !isOwnFrame(lines.find((line) => /^ +at /u.test(line)) ?? '');
}
