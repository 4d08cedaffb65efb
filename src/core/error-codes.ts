// The stable codes of all errors and warnings: the class that carries each, what it means, and the
// cure. Types only. docs/reference/errors.md is made of the comments here, and a spec compares the
// codes and classes with those in src/. The classes: errors.ts.

/** The class that carries each code, and in the comment what it means and the cure. */
export interface ErrorCodes {
  /**
   * An argument or an option is wrong. The text says which call it was, what was expected and
   * what came.
   *
   * Cure: pass what the text expects. A refused name is misspelt, or belongs to another call.
   */
  readonly COROSOCK_ARGUMENT: 'UsageError';
  /**
   * A pattern of a route is wrong, or it matches the same paths as another pattern, also as one of
   * another host on the same http server.
   *
   * Cure: begin patterns with `/`, keep to the syntax of path-to-regexp, and name each path once.
   */
  readonly COROSOCK_ROUTE: 'UsageError';
  /**
   * A second read began while another one waits on the same socket. The text says where the waiting
   * one was called; of many waiting reads the first 64 are remembered. Or `requests` reads the
   * socket.
   *
   * Cure: read in one place; give what was read to other functions, or put it into a `channel()`.
   * In a loop of `select` or `Promise.race`, give `ws` itself to `select`: a read that another
   * source has won over still waits.
   */
  readonly COROSOCK_CONCURRENT_READ: 'UsageError';
  /**
   * `request` was called while `maxPending` others wait for a reply. Nothing was sent.
   *
   * Cure: await replies before more requests are sent, or raise `maxPending` of `requests`.
   */
  readonly COROSOCK_PENDING_REQUESTS: 'UsageError';
  /**
   * `ws.join` was called for a socket that is in `maxRooms` rooms, or `room.presence.track` for one
   * that is counted under so many keys, or whose keys and `meta` would have more than 1 MiB.
   * Nothing has changed. Where no handler catches it, the socket closes with 1008, and of many the
   * report has one a minute, and their count.
   *
   * Cure: leave rooms that are not needed any more; check names that a client chooses; raise
   * `maxRooms`; or make `meta` shorter.
   */
  readonly COROSOCK_ROOMS: 'UsageError';
  /**
   * The name of a room, a key of `room.presence.track` or a key of `retain` is empty, has more than
   * 1,024 bytes of UTF-8, or a lone surrogate. Nothing has changed. Where no handler catches it,
   * the socket closes with 1008, and of many the report has one a minute, and their count.
   *
   * Cure: check names that a client chooses before they are used.
   */
  readonly COROSOCK_ROOM_NAME: 'UsageError';
  /**
   * Given to `report`: a handler has returned while a read that it had called still waits, and
   * nothing awaits that read. Its socket closes with 1000, and the read gives `'closed'`. Told once
   * for each place; the text says where the read was called.
   *
   * Also for a handler that returns at once, told once for a route, with the line of the call: in
   * the turn in which it has called `asWs`, or `requests` with `handlers`; or in the very step in
   * which it was called, where it has begun nothing, and its socket is written to later or a
   * `select` waits for it.
   *
   * Cure: put `await` before the read, or before the function that reads; or return its promise.
   * After `asWs`, go on with `await ws.closed`; after `requests`, with `await rpc.closed`. Where
   * other code uses the socket later, end the handler with `await ws.closed`, or share the socket.
   */
  readonly COROSOCK_FORGOTTEN_AWAIT: 'UsageError';
  /**
   * Given to `report`, once for a route: its server has `onClientMessage`, but the socket is not
   * shared, so that the hook is never called.
   *
   * Cure: `handshake.sharedConnection = true` in `onPreServer`, or read in `server`.
   */
  readonly COROSOCK_NOT_SHARED: 'UsageError';
  /**
   * A loop goes on after the end: this was the hundredth read, or `select`, that gave `'closed'`.
   *
   * Cure: end the loop when the status is `'closed'`.
   */
  readonly COROSOCK_READ_AFTER_CLOSE: 'UsageError';
  /**
   * A close code cannot go into a close frame. The socket stays open.
   *
   * Cure: use 1000–1003, 1007–1014 or 3000–4999.
   */
  readonly COROSOCK_CLOSE_CODE: 'UsageError';
  /**
   * The reason of a close is no text, or is longer than 123 bytes of UTF-8. The socket stays open.
   *
   * Cure: shorten the reason.
   */
  readonly COROSOCK_CLOSE_REASON: 'UsageError';
  /**
   * Code in a world of `corosock/testing` waits for a timer of Node or for real I/O, which no seed
   * can repeat. The text says which code, and what Node has pending. Or a promise of `w.real` has
   * not settled in 30 seconds. `settle` and `clock.advance` of a world reject with it; for
   * `simulate` and `torture` it is the `cause` of a `SimulationError`.
   *
   * Cure: `ws.clock.sleep(ms)` in place of Node's timers; `await w.real(promise)` around real I/O,
   * for which the world stands still.
   */
  readonly COROSOCK_REAL_TIME: 'UsageError';
  /**
   * Given to `report`: a test with `runServer`, `fakeSocket` or `world` of `corosock/testing` has
   * stood still for a second of real time, three where a handler waits in no call of this package.
   * The text says who waits where, and which timer comes next. Told once for each run or world; a
   * world gives it to `report` of its first host.
   *
   * Cure: `await clock.advance(ms)` where a timer has to come; else send what the waiting code
   * reads.
   */
  readonly COROSOCK_STANDSTILL: 'UsageError';
  /**
   * A call came after the moment for it: what the 101 response carries was set after
   * `onPreServer`, or `ws.spawn()` was called when the handler and its tasks had ended.
   *
   * Cure: set it in `onPreServer`, and await there what sets it; spawn while the handler runs.
   */
  readonly COROSOCK_TOO_LATE: 'UsageError';
  /**
   * The session has ended or timed out.
   *
   * Cure: let the handler end; the client gets a fresh session when it connects again.
   */
  readonly COROSOCK_SESSION_OVER: 'UsageError';
  /**
   * The store of sessions has not answered within `sessions.storeTimeoutMs`. What the call would
   * have written may still be written.
   *
   * Cure: catch it like other errors of the store, and find out why the store is slow.
   */
  readonly COROSOCK_SESSION_STORE: 'SessionStoreError';
  /**
   * Given to `report` when a host begins: a secret of its sessions has fewer than 32 bytes, and may
   * be guessed from any cookie that it has signed.
   *
   * Cure: draw one, `randomBytes(32).toString('hex')`, and keep the old one behind it for a while:
   * `secret: [fresh, old]`.
   */
  readonly COROSOCK_SESSION_SECRET: 'UsageError';
  /**
   * Given to `report` when a host begins: it has a `broker` and `sessions` without a `store`. Each
   * node then keeps sessions in its own memory: a client that reaches another node gets a fresh
   * one, and `session.end()` ends it on this node alone.
   *
   * Cure: give all nodes one `store`, such as that of Redis; or leave the broker out where there is
   * one node.
   */
  readonly COROSOCK_SESSION_NODES: 'UsageError';
  /**
   * `readJson`, `readText` or `jsonOf` took a binary message. Where no handler catches it, the
   * socket closes with 1003.
   *
   * Cure: catch it, or let it close. For text in binary messages set `ws.binaryData = true`.
   */
  readonly COROSOCK_NOT_TEXT: 'MessageError';
  /**
   * `readJson` or `jsonOf` took a message that is no JSON. Where no handler catches it, the socket
   * closes with 1007.
   *
   * Cure: catch it, or let it close.
   */
  readonly COROSOCK_NOT_JSON: 'MessageError';
  /**
   * `readJson` or `jsonOf` took a message that its schema refuses; `issues` holds the schema's
   * words. Where no handler catches it, the socket closes with 1008.
   *
   * Cure: catch it, or let it close.
   */
  readonly COROSOCK_INVALID: 'MessageError';
  /**
   * A client got no conversation: the server refused the handshake, did not answer in time, or
   * could not be reached. `status`, `headers` and `body` are the HTTP answer, where there was
   * one; `cause` is the error of the network, where one is known. With 101 the answer opens no
   * WebSocket, and the text says why.
   *
   * Cure: mend what `status` or `cause` names; `connect.each` tries again by itself.
   */
  readonly COROSOCK_CONNECT: 'ConnectError';
  /**
   * `next()` of `connect.each` was called while another call waits.
   *
   * Cure: run one loop over each iterator.
   */
  readonly COROSOCK_CONCURRENT_NEXT: 'UsageError';
  /**
   * A `for await` over a socket met an end that was not clean, or `connect.each` a close code that
   * would come again. `closeInfo` says how the conversation ended. A close with 1011 is clean: its
   * code is in `ws.closeInfo`.
   *
   * Cure: catch it around the loop, or read with statuses.
   */
  readonly COROSOCK_CONNECTION_LOST: 'ConnectionLostError';
  /**
   * Given to `report`: a session cookie is forged, or names a session that is over, so that the
   * client got a fresh session; or the cookie needs TLS, and a request came without (`why`).
   *
   * Cure: none is needed for the first two. Many of them after a deployment mean that a secret is
   * missing. For `plain`, behind a proxy that ends TLS: `trustProxy`, or `secure: true`.
   */
  readonly COROSOCK_SESSION_COOKIE: 'SessionCookieError';
  /**
   * Given to `report`: clients have caused faults of one `kind` that were left out of the report;
   * `count` says how many since the last one. The first fault of each kind is reported as it is,
   * the others of a minute are counted.
   *
   * Cure: none is needed. The first report of the kind says what clients do wrong.
   */
  readonly COROSOCK_PEER_FAULTS: 'PeerFaultsError';
  /**
   * Given to `report`: envelopes between nodes were dropped. `reason` says why, `count` how many;
   * the first of each reason is told at once, and then their sum once a minute. `foreign` and
   * `malformed`: another program uses the same addresses. `version`: a node of another version.
   * `size` and `oversize`: larger than 512 KiB, on the way in or out. `node`: too many nodes.
   * `busy`: nodes, or a program in their name, ask or answer more than fits into the time.
   *
   * Cure: give each deployment a `prefix` of its own, publish smaller messages, and update all
   * nodes.
   */
  readonly COROSOCK_ENVELOPE: 'EnvelopeError';
  /**
   * Given to `report`: a limit has ended a socket, with 1008 or 1009. `option` names the option
   * that raises the limit. Each limit is reported once for each host, and counted from then on.
   *
   * Cure: raise the option, if such messages are welcome. `maxMessageBytes` is too small for many
   * protocols that carry documents or files.
   */
  readonly COROSOCK_LIMIT: 'LimitError';
  /**
   * Given to `report`: the queue of a socket has been full for 30 s, and no read has taken a
   * message. Its client is held back, and what it sends is not seen.
   *
   * Cure: read, or call `ws.discard()` where the server only writes.
   */
  readonly COROSOCK_UNREAD: 'UsageError';
  /**
   * Given to `report` once, when a host is made with `sessions` and `origins: 'any'`: each page of
   * the web can then open a socket with the session of its visitor.
   *
   * Cure: leave `origins` out, or list the sites whose pages may connect.
   */
  readonly COROSOCK_ANY_ORIGIN: 'UsageError';
  /**
   * Given to `report`: `host.handleUpgrade` got a stream that was given to a host before, and did
   * nothing with it.
   *
   * Cure: give each upgrade to one host, once.
   */
  readonly COROSOCK_HANDED_OVER: 'UsageError';
  /**
   * Given to `report`, once for a host: another `upgrade` listener of the http server has answered
   * an upgrade for a path of the host, so that the client gets that answer, or both. A
   * WebSocketServer of `ws` with `{ server, path }` answers 400 to all paths but its own.
   *
   * Cure: make that server with `{ noServer: true }`, and call its `handleUpgrade` for its own
   * path.
   */
  readonly COROSOCK_OTHER_LISTENER: 'UsageError';
  /**
   * An error that no caller can be given came up, and the host has no `report`. The warning names
   * socket, route and path, and shows the frames of the stack that are not the library's.
   *
   * Cure: pass the option `report`.
   */
  readonly COROSOCK_REPORT: 'process warning';
  /**
   * `read` without a `len` has cut a message, for the first time in this process. The next read
   * gives the rest. The warning names the line of the `read`.
   *
   * Cure: use `readMessage()`, or pass `len`.
   */
  readonly COROSOCK_CUT: 'process warning';
  /**
   * A scenario fails for one seed: it has thrown, a check of `w.always` or `w.eventually` has
   * failed, or it has not ended by `untilMs`. Or a handler does not survive a cut of `torture`.
   * `cause` is what was thrown, `story` tells what happened, one line an event.
   *
   * Cure: `simulate(scenario, { seed })` with the `seed` of the error repeats exactly that run, and
   * `torture` with the same `seed` finds the same cut.
   */
  readonly COROSOCK_SIMULATION: 'SimulationError';
  /**
   * A scenario cannot go on: nothing is ready, and no timer is set that it waits for. The text
   * says which handler, client or script waits, in which line. A call that two functions await has
   * no line.
   *
   * Cure: look for the message that none of them sends. Where code waits for real I/O, a
   * simulation needs `w.real(promise)`.
   */
  readonly COROSOCK_DEADLOCK: 'SimulationError';
  /**
   * A broker has not taken a message or a subscription: it is down or closed, it went down before
   * it had acknowledged the call, too much waits for its acknowledgement, or it refuses the call.
   * The text says which; `cause` is the error of the client, where there is one. A message may have
   * arrived all the same. Given to `report`, at most once a minute, where the broker refuses a
   * room: nothing of other nodes arrives there until it takes it.
   *
   * Cure: wait until `isUp` is true, or find out in `cause` and in the log of the broker why it
   * refuses: permissions of the user, a limit of subscriptions.
   */
  readonly COROSOCK_BROKER: 'BrokerError';
  /**
   * Given to `report`, once for each outage: the broker of a host or a hub is not up 5 s after the
   * start, or is down for so long, or takes no message. `downMs` says for how long, and `cause` is
   * the last error of its client, where one is known. Until it is back, rooms, presence and
   * `openServer` reach this node alone.
   *
   * Cure: mend what `cause` names: the address, the password, a `connect()` that was not called, a
   * process that has no `ipcBroker`. `host.brokerHealth` says when it is back.
   */
  readonly COROSOCK_BROKER_DOWN: 'BrokerDownError';
  /**
   * The reason of a signal: of `ws.signal`, `ws.draining`, `handshake.signal`, the signal of a
   * child task, or the one that a session store's `lock` gets. Calls that a signal stops reject
   * with it.
   *
   * Cure: none is needed. A handler may let it through: the end of its socket is no error of it.
   */
  readonly ABORT_ERR: 'AbortError';
}

/** The codes that one class carries. */
export type CodesOf<Class extends ErrorCodes[keyof ErrorCodes]> = {
  [Code in keyof ErrorCodes]: ErrorCodes[Code] extends Class ? Code : never;
}[keyof ErrorCodes];
