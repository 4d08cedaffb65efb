// Who is who: ids of nodes and of sockets. The host asks for them; nobody takes
// one apart.

import { randomBytes } from 'node:crypto';

const NODE_ID_BYTES = 6;
/** 128 bits from the system's generator: an id cannot be guessed. */
const SOCKET_ID_BYTES = 16;

/** Names one host of one process. */
export function newNodeId(): string {
  return randomBytes(NODE_ID_BYTES).toString('base64url');
}

/** Names one socket; starts with its node's id, so that routing needs no directory. */
export function newSocketId(nodeId: string): string {
  return `${nodeId}.${randomBytes(SOCKET_ID_BYTES).toString('base64url')}`;
}
