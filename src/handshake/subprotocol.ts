// Sub-protocols: which were offered, and which is spoken (RFC 6455 §4.2.2). Pure;
// the handshake rules and the host ask.

import { isToken } from '../core/token.ts';

/** Never in this header; `trim` would take some of it for white space. */
const FOREIGN = /[^\t\u0020-\u007e]/u;

const NONE: readonly string[] = Object.freeze([]);

/**
 * Reads the header that offers sub-protocols.
 *
 * @returns undefined when it is malformed: an element that is no token, or the same twice.
 */
export function parseSubprotocols(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return NONE;
  if (FOREIGN.test(header)) return undefined;
  const names = header.split(',').map((name) => name.trim());
  const distinct = new Set(names);
  return distinct.size === names.length && names.every(isToken) ? names : undefined;
}

/** Picks the first of ours that was offered; '' for none in common. */
export function chooseSubprotocol(ours: readonly string[], offered: readonly string[]): string {
  if (ours.length === 0) return '';
  const distinct = new Set(offered);
  return ours.find((name) => distinct.has(name)) ?? '';
}
