// What a server answers over HTTP, read from its bytes: to upgrades and to
// requests that are none. raw-client.ts collects the bytes.

/** One HTTP response. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; several lines of one name are joined by ', '. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a 101. */
  readonly body: string;
}

/**
 * Reads the response that the bytes begin with.
 *
 * @param isOver - Whether no more bytes will come: a body without a length ends there.
 * @returns undefined while it is not whole; else the answer, and its size on the wire.
 */
export function parseAnswer(
  bytes: Buffer,
  isOver: boolean,
): { readonly answer: HttpAnswer; readonly size: number } | undefined {
  const headSize = bytes.indexOf('\r\n\r\n') + 4;
  if (headSize < 4) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headSize - 4).split('\r\n');
  const [, status] = /^HTTP\/1\.1 (\d{3}) /u.exec(statusLine) ?? [];
  if (status === undefined) throw new Error(`No HTTP status line: ${statusLine}`);
  const headers = parseHeaders(lines);
  const found = parseBody(bytes.subarray(headSize), status, headers, isOver);
  if (found === undefined) return undefined;
  return { answer: { status: Number(status), headers, body: found.body }, size: headSize + found.size };
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

function parseBody(
  rest: Buffer,
  status: string,
  headers: Readonly<Record<string, string>>,
  isOver: boolean,
): { readonly body: string; readonly size: number } | undefined {
  if (status.startsWith('1')) return { body: '', size: 0 };
  if (headers['transfer-encoding'] === 'chunked') return parseChunks(rest);
  const { 'content-length': length } = headers;
  if (length === undefined) return isOver ? { body: rest.toString(), size: rest.length } : undefined;
  const size = Number(length);
  return rest.length < size ? undefined : { body: rest.toString('utf8', 0, size), size };
}

/** RFC 9112 §7.1, without trailers. */
function parseChunks(rest: Buffer): { readonly body: string; readonly size: number } | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(parts).toString(), size: next };
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
