// Which port the tour is served on: `--port` goes before PORT, PORT before 8080.
// server.ts hands the command line in; nothing is opened here.

import { parseArgs } from 'node:util';

const DEFAULT_PORT = 8080;
const LARGEST_PORT = 65_535;

/** What was asked for cannot be a port. The message is one sentence for whoever typed it. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * Chooses the port.
 *
 * @param words - The command line after the script's name: `--port N`, `--port=N` or nothing.
 * @param fromEnvironment - PORT; empty counts as absent.
 * @returns 0 to 65535; 0 is any free port.
 * @throws PortError for words it does not know and for what is no port.
 */
export function choosePort(words: readonly string[], fromEnvironment: string | undefined): number {
  const fromWords = portIn(words);
  if (fromWords !== undefined) return parsePort('--port', fromWords);
  if (fromEnvironment) return parsePort('PORT', fromEnvironment);
  return DEFAULT_PORT;
}

function portIn(words: readonly string[]): string | undefined {
  try {
    return parseArgs({ args: [...words], options: { port: { type: 'string' } } }).values.port;
  } catch {
    throw new PortError(
      `The tour takes --port N, with N a whole number from 0 to ${LARGEST_PORT}, and nothing else.`,
    );
  }
}

function parsePort(source: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port <= LARGEST_PORT) return port;
  throw new PortError(`${source} has to be a whole number from 0 to ${LARGEST_PORT}, not '${text}'.`);
}
