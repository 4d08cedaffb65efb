// How a conversation ended. A transport reports a `LinkEnd`; the conversation makes the one
// `CloseInfo` of it, which its receive queue keeps (rule 6). Which codes may be sent is checked in
// arguments.ts.

/** How a conversation ended. */
export interface CloseInfo {
  /**
   * The close code (RFC 6455 §7.4). 1005: the peer gave none. 1006: the link was lost. After a
   * broken rule or limit it is the code that we sent (1002, 1007, 1008, 1009), never 1006.
   */
  readonly code: number;
  readonly reason: string;
  /** Whether both sides sent a close frame and no rule or limit was broken. */
  readonly clean: boolean;
  /**
   * What ended it, as this side sees it. `session`: also a credential that has ended. `shutdown`:
   * also a socket that has reached `maxLifetimeMs`.
   */
  readonly by:
    | 'peer'
    | 'local'
    | 'link'
    | 'protocol'
    | 'limit'
    | 'heartbeat'
    | 'session'
    | 'shutdown'
    | 'handler';
  /**
   * Why the end is not clean: the error of the broken rule or limit, of the heartbeat, of the lost
   * link, or of the missing answer to our close frame. Undefined after `terminate`. A browser tells
   * nothing of a link that it has lost, and a link in memory is lost without an error.
   */
  readonly cause?: unknown;
  /**
   * Messages received and not read, also those that came after our close frame. It falls while the
   * rest is read after the end.
   */
  readonly unread: number;
}

/** What a transport knows of the end. It cannot tell on whose behalf it closed: `by` is `local`. */
export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
  readonly by: 'peer' | 'local' | 'link' | 'protocol' | 'limit';
  readonly cause?: unknown;
}
