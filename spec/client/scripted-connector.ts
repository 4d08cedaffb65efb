// A connector that the spec controls: the spec sees each attempt, and opens it over a link in memory,
// fails it, or lets it wait. Time is virtual.

import { virtualClock } from 'corosock/testing';
import type { Transport, VirtualClock } from 'corosock/testing';
import type { ClientParts } from '../../src/client/open-client.ts';
import type { ClientPlatform } from '../../src/client/connect-options.ts';
import { NODE_OPTIONS } from '../../src/client/node-options.ts';
import { makeConnect } from '../../src/client/connect.ts';
import type { Connect } from '../../src/client/connect.ts';
import { ConnectedSocket } from '../../src/socket/client-socket.ts';
import { Conversation } from '../../src/conversation/conversation.ts';
import { settingsOf } from '../../src/server/host-options.ts';
import type { LinkOutcome, LinkTarget } from '../../src/transport/connector.ts';
import { memoryLink } from '../../src/transport/memory-transport.ts';
import { ConnectError } from '../../src/core/errors.ts';
import type { ConnectProblem } from '../../src/core/errors.ts';

/** One attempt to connect. */
export class Attempt {
  readonly target: LinkTarget;
  /** The time of the attempt. */
  readonly atMs: number;
  isCancelled = false;
  /** The error of an answer whose body has not come whole. */
  halfRefusal: ConnectError | undefined;
  readonly #outcome: LinkOutcome;

  constructor(target: LinkTarget, outcome: LinkOutcome) {
    this.target = target;
    this.atMs = target.clock.now();
    this.#outcome = outcome;
  }

  /** Answers 101. @returns The server's end. */
  opens(): ConnectedSocket {
    const [near, far] = memoryLink({ protocol: this.target.protocols[0] ?? '' });
    this.opensOver(near);
    return new ConnectedSocket(
      new Conversation(far, settingsOf('spec', { heartbeat: false, clock: this.target.clock })),
      'ws://client/',
    );
  }

  opensOver(transport: Transport): void {
    this.#outcome.opened(transport);
  }

  fails(status?: number, answer?: ConnectProblem): void {
    this.#outcome.failed(new ConnectError(status, answer));
  }
}

export interface ScriptedClient {
  readonly connect: Connect;
  readonly clock: VirtualClock;
  readonly attempts: readonly Attempt[];
  /** Gives the newest attempt. */
  attempt(): Attempt;
}

/** Makes a `connect` whose attempts the spec controls. */
export function scriptedClient(
  platform: ClientPlatform = {
    unknown: [],
    own: NODE_OPTIONS,
    overflow: 'pause',
  },
  Socket: ClientParts['Socket'] = ConnectedSocket,
): ScriptedClient {
  const attempts: Attempt[] = [];
  const connector: ClientParts['connector'] = (target, outcome) => {
    const attempt = new Attempt(target, outcome);
    attempts.push(attempt);
    return () => {
      attempt.isCancelled = true;
      return attempt.halfRefusal;
    };
  };
  return {
    connect: makeConnect({ connector, Socket, ...platform }),
    clock: virtualClock(),
    attempts,
    attempt: () => attempts.at(-1) as Attempt,
  };
}
