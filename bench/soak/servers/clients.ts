// Clients of ours in a process of their own: they answer pings, and say nothing.

import { connect } from 'corosock/client';
import { answerParent } from '../../parent.ts';

/** Opens sockets beside those that are open; answers how many of all of them live. */
export interface ClientsQuestion {
  readonly ask: 'open';
  readonly url: string;
  readonly count: number;
}

const sockets: Awaited<ReturnType<typeof connect>>[] = [];

answerParent(async ({ url, count }: ClientsQuestion) => {
  const opened = await Promise.all(Array.from({ length: count }, () => connect(url, { heartbeat: false })));
  sockets.push(...opened);
  return sockets.filter(({ closeInfo }) => closeInfo === undefined).length;
});
