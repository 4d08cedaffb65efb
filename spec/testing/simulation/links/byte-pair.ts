// A link over bytes in memory for specs: a host's end, made by a WsAcceptor, and that of a client.

import { realClock } from '../../../../src/time/real-clock.ts';
import type { TransportPair } from '../../../../src/testing/contracts/link-check.ts';
import type { ByteLinkOptions } from '../../../../src/testing/simulation/links/byte-link.ts';
import { BytePort } from '../../../../src/testing/simulation/links/byte-port.ts';
import type { ByteTarget } from '../../../../src/testing/simulation/links/byte-port.ts';
import type { Transport } from '../../../../src/transport/transport.ts';
import { WsAcceptor } from '../../../../src/transport/ws/acceptor.ts';
import { acceptedBy } from '../../../transport/ws/scripted-stream.ts';

const MAX_MESSAGE_BYTES = 70_000;
const LIMITS = {
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxFragments: 16_384,
  closeTimeoutMs: 5000,
  clock: realClock,
} as const;

/** What a client without options connects to. */
export const TARGET: ByteTarget = { ...LIMITS, url: new URL('ws://localhost/'), protocols: [], headers: {} };

/** Connects both ends. */
export async function bytePair(near: 'host' | 'client', options: ByteLinkOptions): Promise<TransportPair> {
  const acceptor = new WsAcceptor({ ...LIMITS, compression: undefined });
  let accepted: Transport | undefined;
  const port = new BytePort({
    handleUpgrade: (request, stream, head) => {
      accepted = acceptedBy(acceptor, { request, stream, head });
    },
  });
  const client = await port.connect(TARGET, options).transport;
  const ends = [accepted as Transport, client] as const;
  const [nearEnd, farEnd] = near === 'host' ? ends : [client, ends[0]];
  return {
    near: nearEnd,
    far: farEnd,
    farMaxMessageBytes: MAX_MESSAGE_BYTES,
    async [Symbol.asyncDispose]() {
      for (const end of ends) end.terminate();
    },
  };
}
