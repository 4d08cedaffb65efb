// What a room of a host over a real broker gives to a subscription, noted in order.

import type { Host, Room } from 'corosock';
import type { Deployment } from './deployments.ts';

/** What comes first, and is not noted: see {@link untilFollowed}. */
const HELLO = 'hello';

/** What a room has given to a subscription. */
export interface Followed {
  /** Texts, and `gap`. */
  readonly events: readonly string[];
  readonly hellos: number;
}

/** Subscribes to a room. */
export function follow(room: Room): Followed {
  const events: string[] = [];
  const followed = { events, hellos: 0 };
  void (async () => {
    for await (const event of room.subscribe()) {
      const text = 'gap' in event ? 'gap' : String(event.data).slice(0, 20);
      if (text === HELLO) followed.hellos += 1;
      else events.push(text);
    }
  })();
  return followed;
}

/** Waits until what another host publishes arrives. */
export async function untilFollowed(
  { deployment, other }: { readonly deployment: Deployment; readonly other: Host },
  name: string,
  followed: Followed,
): Promise<void> {
  await deployment.until('messages arrive', async () => {
    await other.room(name).publish(HELLO).relayed;
    return followed.hellos > 0;
  });
}
