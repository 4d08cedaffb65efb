// The Broker port: carries bytes between the nodes of one deployment. The hub publishes and
// subscribes through it. Adapters: `brokers/memory-broker.ts`, `nats/`, `redis/`, `ipc/`.
// `brokerContract` (testing/contracts/) checks each promise, under a name in the same words.

/**
 * Carries bytes between the nodes of one deployment, by address. Each node has its own `Broker`.
 *
 * 1. `publish` delivers to each subscription of the address on the other nodes, at most once, and
 *    to none of its own node.
 * 2. Messages of one node to one address arrive in the order of the calls.
 * 3. Bytes arrive as they were sent, also none, up to 512 KiB. Neither side changes them after the
 *    call.
 * 4. `publish` resolves when the engine has taken the message: with the number of other nodes that
 *    it was given to, or with undefined where the engine does not say.
 * 5. `subscribe` resolves when the subscription is in force. What another node publishes after that
 *    arrives.
 * 6. After each window in which messages may have been lost, each subscription gets one `onGap`,
 *    before its next message, with the length of the window. A lost message was taken within the
 *    window. It gets none at another time.
 * 7. A subscription of a node that is down comes into force when the broker is back, with an
 *    `onGap` before it resolves.
 * 8. `publish` rejects while the node is down, and so do calls that are not acknowledged when it
 *    goes down. Nothing is kept for later. A message whose `publish` has rejected may have arrived.
 * 9. `isUp` tells whether `publish` is accepted and all subscriptions are in force. `onChange`
 *    calls each listener once a change, with the new value of `isUp`.
 * 10. A disposed subscription gets no further call; the other subscriptions of its address go on.
 *     Disposing resolves in any state, any number of times.
 * 11. An address is any text without lone surrogates, of 1 to 1,100 bytes of UTF-8.
 *     Different addresses never affect each other. `publish` and `subscribe` reject others with a
 *     UsageError.
 * 12. No call of the port calls `receive`, `onGap` or a listener before it returns.
 * 13. `close` ends all subscriptions. `isUp` is false after it, and `publish` and `subscribe`
 *     reject. The client that the broker was made of stays open: its owner closes it.
 * 14. The engine may refuse one address, when it is asked for or later; the others stay in force.
 *     `subscribe` then rejects. A subscription that was in force ends with a last `onGap`, and one
 *     `onRefused` behind it. The caller may subscribe again.
 */
export interface Broker {
  /** Whether messages pass at the moment (9). */
  readonly isUp: boolean;
  /**
   * Sends bytes to the other nodes.
   *
   * @param address - 1 to 1,100 bytes of UTF-8 (11).
   * @returns How many other nodes the engine gave it to, or undefined (4).
   * @throws UsageError `COROSOCK_ARGUMENT`. BrokerError `COROSOCK_BROKER` while down or closed (8).
   */
  publish(address: string, bytes: Uint8Array): Promise<number | undefined>;
  /**
   * Receives what other nodes publish. One address may have several subscriptions.
   *
   * @param receive - Gets each message. It must not throw.
   * @param onGap - Gets the length of a window in which messages may have been lost, in
   *   milliseconds (6). It must not throw.
   * @param onRefused - Gets the reason where the engine refuses a subscription that was in force
   *   (14). It must not throw. Default: the subscription ends in silence.
   * @returns Ends the subscription when it is disposed.
   * @throws UsageError `COROSOCK_ARGUMENT`. BrokerError `COROSOCK_BROKER` where the engine refuses
   *   the subscription, or the broker is closed.
   */
  subscribe(
    address: string,
    receive: (bytes: Uint8Array) => void,
    onGap: (forMs: number) => void,
    onRefused?: (error: Error) => void,
  ): Promise<AsyncDisposable>;
  /** Calls the listener at each change of `isUp`. @returns Removes it; further calls do nothing. */
  onChange(listener: (isUp: boolean) => void): () => void;
  /** Ends all subscriptions (13). Further calls do nothing. */
  close(): Promise<void>;
}
