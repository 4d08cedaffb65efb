// What is said on a socket beside the text itself: nothing to a WebSocket server, and
// the words of its own protocol to socket.io. The load generator asks.

export interface Dialect {
  /** Where a client connects. */
  readonly path: string;
  /** Says what has to be said before the first message, given the response to the upgrade. */
  readonly begin?: (response: string, talk: Talk) => Promise<void>;
  /** A text as it travels, both ways. */
  readonly wrap: (text: Buffer) => Buffer;
}

/** A socket that talks. */
export interface Talk {
  /** Waits for a word of the server. @returns All that it came with. */
  readonly hear: (word: string) => Promise<string>;
  readonly say: (text: string) => void;
}

const SOCKET_IO_PATH = '/socket.io/?EIO=4&transport=websocket';

export type DialectName = 'plain' | 'joined' | 'socket.io' | 'socket.io joined';

/** Says each server program whose sockets join a room that other nodes have members of. */
const JOINED = 'joined';

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  plain: { path: '/', wrap: (text) => text },
  joined: {
    path: '/',
    begin: async (response, { hear }) => {
      // It may have come with the response.
      if (!response.includes(JOINED)) await hear(JOINED);
    },
    wrap: (text) => text,
  },
  // Engine.IO 4: the server opens, the client joins the namespace, and an event is `42` and JSON.
  'socket.io': {
    path: SOCKET_IO_PATH,
    begin: (response, talk) => beginSocketIo(response, talk, 'sid'),
    wrap: wrapForSocketIo,
  },
  'socket.io joined': {
    path: SOCKET_IO_PATH,
    begin: (response, talk) => beginSocketIo(response, talk, JOINED),
    wrap: wrapForSocketIo,
  },
};

/** @param last - The word that the server says last. */
async function beginSocketIo(response: string, { hear, say }: Talk, last: string): Promise<void> {
  // Its first packet may have come with the response.
  if (!response.includes('maxPayload')) await hear('maxPayload');
  say('40');
  await hear(last);
}

function wrapForSocketIo(text: Buffer): Buffer {
  return Buffer.from(`42["m","${text.toString()}"]`);
}
