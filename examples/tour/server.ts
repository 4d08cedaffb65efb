// `npm start`: the tour on a port, until Ctrl+C. What goes wrong with the port is
// said in one sentence; the tour is opened and closed in tour.ts.

import { choosePort, PortError } from './port.ts';

/** The sentence for a failure that the visitor can mend; undefined for all others. */
function complaint(error: unknown): string | undefined {
  if (error instanceof PortError) return error.message;
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is taken: choose another with --port N or PORT=N.`;
  if (code === 'EACCES') return `Port ${port} is not yours to open: choose another with --port N or PORT=N.`;
  return undefined;
}

try {
  const port = choosePort(process.argv.slice(2), process.env['PORT']);
  // The page marks the line where a handler waits: of its source, not of what it was
  // compiled to. Maps are read when a module is loaded, so they are turned on before.
  process.setSourceMapsEnabled(true);
  const { openTour } = await import('./tour.ts');
  const tour = await openTour(port);
  process.once('SIGINT', () => void tour.close());
  process.once('SIGTERM', () => void tour.close());
  process.stdout.write(`The tour is open at ${tour.url} (Ctrl+C closes it).\n`);
} catch (error) {
  const sentence = complaint(error);
  if (sentence === undefined) throw error;
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
