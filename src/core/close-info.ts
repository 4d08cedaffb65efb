// How a conversation ended. Transports report a `LinkEnd`; the socket above
// turns it into the one `CloseInfo`, which its receive queue keeps (rule 6).
// Which codes may be sent is checked in arguments.ts.

/** Why a conversation is over. */
export interface CloseInfo {
  /** RFC 6455 §7.4. 1005: the peer gave no code. 1006: the link was lost. A broken rule or limit: the code that we sent (1002, 1007, 1008, 1009), never 1006. */
  readonly code: number;
  readonly reason: string;
  /** Whether both close frames were exchanged and no rule or limit was broken. */
  readonly clean: boolean;
  /** Who or what ended it. */
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
  readonly cause?: unknown;
  /** Messages received and not read, those that came after our close frame among them. Falls while the rest is read after the end. */
  readonly unread: number;
}

/** What a transport knows of the end: it cannot tell on whose behalf it was told to close. */
export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
  readonly by: 'peer' | 'local' | 'link' | 'protocol' | 'limit';
  readonly cause?: unknown;
}
