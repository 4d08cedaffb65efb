// Frames of ASCII text, made once: what a client sends (masked, RFC 6455 §5.3)
// and what a server that echoes has to answer (not masked).

/** FIN, and the opcode of text or binary. */
const WHOLE_TEXT = 0x81;
const WHOLE_BINARY = 0x82;
const MASKED = 0x80;
const MASK = Buffer.from([0x1f, 0x2e, 0x3d, 0x4c]);

/** A client's frame around a text. */
export function maskedFrame(text: Buffer, isBinary = false): Buffer {
  const masked = text.map((byte, index) => byte ^ (MASK[index % MASK.length] as number));
  return Buffer.concat([header(text.length, MASKED, isBinary), MASK, masked]);
}

/** The server's frame around the same text. */
export function echoFrame(text: Buffer, isBinary = false): Buffer {
  return Buffer.concat([header(text.length, 0, isBinary), text]);
}

/** What a client says: so many bytes of ASCII. */
export function textOf(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'Every message comes back as it was sent. ');
}

/** Two, four or ten bytes, by the length of the payload (RFC 6455 §5.2). */
function header(bytes: number, mask: number, isBinary: boolean): Buffer {
  const first = isBinary ? WHOLE_BINARY : WHOLE_TEXT;
  if (bytes < 126) return Buffer.from([first, mask | bytes]);
  if (bytes < 65_536) return Buffer.from([first, mask | 126, bytes >> 8, bytes & 0xff]);
  const long = Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  long.writeUInt32BE(bytes, 6);
  return long;
}
