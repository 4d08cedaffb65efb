// The options of links whose frames we see. Hosts and clients in Node have them; no browser loads
// this file. Their docstrings are in conversation-options.ts; server/host-options.ts and
// client/index.ts take the table and the choices.

import type { ConversationOptions, WireOptionName } from './conversation-options.ts';
import type { Heartbeat } from './heartbeat.ts';
import { DEFAULT_HEARTBEAT, heartbeatOf } from './heartbeat-option.ts';
import type { Clock } from '../time/clock.ts';
import { checkCount } from '../core/arguments.ts';
import { compressionOf } from '../core/compression.ts';
import type { Compression } from '../core/compression.ts';
import { complete, unchecked } from '../core/options.ts';
import type { OptionTable } from '../core/options.ts';

export type WireOptions = Pick<ConversationOptions, WireOptionName>;

export const WIRE_OPTIONS: OptionTable<WireOptions> = {
  maxFragments: [16_384, checkCount],
  heartbeat: [DEFAULT_HEARTBEAT, unchecked],
  compression: [false, unchecked],
};

/** Options checked and filled in. */
export interface WireChoices {
  readonly maxFragments: number;
  /** Undefined for `compression: false`. */
  readonly compression: Compression | undefined;
  /** Undefined for `heartbeat: false`. */
  readonly heartbeat?: Heartbeat | undefined;
}

/**
 * Checks options and fills in the defaults; other names are left out.
 *
 * @param call - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function wireChoices(call: string, options: WireOptions, clock: Clock): WireChoices {
  const { maxFragments, heartbeat, compression } = complete(call, options, WIRE_OPTIONS);
  return {
    maxFragments,
    heartbeat: heartbeatOf(call, heartbeat, clock),
    compression: compressionOf(call, compression),
  };
}
