// Releases of the library, as a rolling upgrade has them side by side. The link of a node changes
// what its node sends and receives: the node is then one of another release.

import type { MemoryNode } from '../../src/brokers/memory-broker.ts';
import { KIND } from '../../src/hub/envelope.ts';

type Change = (envelope: Buffer) => Buffer;

/** A release beside that of this repository. */
export interface Release {
  /** Makes what this release sends of an envelope of ours. */
  readonly sends: Change;
  /** Makes what ours is to read where this release reads an envelope. */
  readonly reads: Change;
  /** Whether it also sends kinds that ours does not know. */
  readonly hasMoreKinds: boolean;
}

const [VERSION_AT, KIND_AT, HEADER_BYTES_AT, SEQUENCE_AT] = [4, 5, 6, 16];
const TIME_BYTES = 8;
/** Flags of a heartbeat that this release does not know. */
const MORE_FLAGS = 0xf0;
/** A kind that this release does not know. */
export const KIND_TO_COME = 200;

const same: Change = (envelope) => envelope;

export const OURS: Release = { sends: same, reads: same, hasMoreKinds: false };

/**
 * A later release of version 1: it has fields behind those of the header and of heartbeats, further
 * flags in heartbeats, and further kinds. It reads version 2, too.
 */
export const LATER: Release = {
  sends(envelope) {
    const end = envelope.readUInt16BE(HEADER_BYTES_AT);
    const header = Buffer.concat([envelope.subarray(0, end), Buffer.from('more')]);
    header.writeUInt16BE(header.length, HEADER_BYTES_AT);
    const body = envelope.subarray(end);
    if (envelope[KIND_AT] !== KIND.heartbeat) return Buffer.concat([header, body]);
    const flagsAndVersion = Buffer.of((body[0] ?? 0) | MORE_FLAGS, 2);
    return Buffer.concat([header, flagsAndVersion, body.subarray(2), Buffer.from('more')]);
  },
  reads: same,
  hasMoreKinds: true,
};

/** Its headers end with the id of the sender. */
const withoutTime: Change = (envelope) => {
  const end = envelope.readUInt16BE(HEADER_BYTES_AT);
  const header = Buffer.from(envelope.subarray(0, end - TIME_BYTES));
  header.writeUInt16BE(header.length, HEADER_BYTES_AT);
  return Buffer.concat([header, envelope.subarray(end)]);
};

/** An earlier release of version 1: it neither writes nor reads the time in headers. */
export const EARLIER: Release = {
  sends: withoutTime,
  // A header that is longer already belongs to another earlier one.
  reads: (envelope) => (hasTime(envelope) ? withoutTime(envelope) : envelope),
  hasMoreKinds: false,
};

/** Version 2: neither of the two versions reads the other. */
export const NEXT_VERSION: Release = {
  sends: (envelope) => withVersion(envelope, 2),
  reads: (envelope) => withVersion(envelope, envelope[VERSION_AT] === 2 ? 1 : 2),
  hasMoreKinds: false,
};

/** Makes the node of a link one of another release. */
export function ofRelease(link: MemoryNode, { sends, reads, hasMoreKinds }: Release): MemoryNode {
  const publish = link.publish.bind(link);
  const subscribe = link.subscribe.bind(link);
  return Object.assign(link, {
    publish(address: string, bytes: Uint8Array) {
      const envelope = sends(Buffer.from(bytes));
      if (hasMoreKinds) void publish(address, ofKindToCome(envelope)).catch(() => {});
      return publish(address, envelope);
    },
    subscribe: (address: string, receive: (bytes: Uint8Array) => void, ...more: [() => void]) =>
      subscribe(address, (bytes) => receive(reads(Buffer.from(bytes))), ...more),
  });
}

function withVersion(envelope: Buffer, version: number): Buffer {
  envelope[VERSION_AT] = version;
  return envelope;
}

function hasTime(envelope: Buffer): boolean {
  const idBytes = envelope[32] ?? 0;
  return envelope.readUInt16BE(HEADER_BYTES_AT) >= 33 + idBytes + TIME_BYTES;
}

/** A copy of another kind, which its sender does not count. */
function ofKindToCome(envelope: Buffer): Buffer {
  const copy = Buffer.from(envelope);
  copy[KIND_AT] = KIND_TO_COME;
  copy.writeBigUInt64BE(0n, SEQUENCE_AT);
  return copy;
}
