// The yardstick of what passes between nodes: a message that a client of the broker sends to itself.

import { bareClient } from '../broker-clients.ts';
import type { BrokerClientName } from '../broker-clients.ts';
import { textOf } from '../frames.ts';
import { answerParent } from '../parent.ts';
import { middleMicros } from '../round-trips.ts';

/** µs of a round trip in the middle. */
export interface BareQuestion {
  readonly ask: 'round trips';
  readonly times: number;
  readonly bytes: number;
}

const [client, port] = process.argv.slice(2);
const bare = await bareClient(client as BrokerClientName, Number(port));
let onMessage: () => void = () => {};
await bare.subscribe(() => onMessage());

answerParent(({ times, bytes }: BareQuestion) => {
  const message = textOf(bytes);
  return middleMicros(
    times,
    () =>
      new Promise<void>((resolve) => {
        onMessage = resolve;
        bare.publish(message);
      }),
  );
});
