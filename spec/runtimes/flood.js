// A flood in one direction: writes until the peer holds it back, and its messages in order. Both
// server.js and visitor.js import it.

const LONG = 65_536;
/** More than the kernels of both ends hold: 128 MiB. */
export const FLOOD = 2000;

/** Writes long messages, each with its number. @returns How many were accepted before one had to wait. */
export async function flood(ws) {
  for (let count = 0; count < FLOOD; count += 1) {
    if ((await ws.write(`${count} `.padEnd(LONG, '.'), { timeoutMs: 500 })) !== 'ok') return count;
  }
  return FLOOD;
}

/** Reads these messages until none comes for a while. @returns How many have come in order. */
export async function inOrder(ws) {
  for (let count = 0; ; count += 1) {
    const [data, status] = await ws.readMessage(1000);
    if (status !== 'ok' || data.length !== LONG || Number.parseInt(data, 10) !== count) return count;
  }
}
