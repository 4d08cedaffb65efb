// `report`, the one hook for errors that no caller gets. host-options.ts guards the hook of the
// user; its own errors end here.

import { EVERY_PATH } from './routes.ts';
import { warnOfError } from '#platform';

/** Gets an error, and where it came up. */
export type Report = (
  error: unknown,
  where: {
    readonly socketId?: string;
    /** What has failed: `server`, `spawn`, `handshake`, the name of a hook. */
    readonly phase: string;
    /** The pattern of the route; `'*'` where one server answers every path. */
    readonly route?: string;
    /** The path of the request, without its query. */
    readonly path?: string;
  },
) => void;

/** Where errors come up. */
export type Where = Parameters<Report>[1];

/** A handshake, or the run that has come of it. */
interface Origin {
  readonly socketId: { readonly value: string };
  readonly route: string;
  readonly request: { readonly url: URL };
}

/** Gives where an error of a handshake, or of its socket, came up. */
export function whereOf({ socketId, route, request }: Origin, phase: string): Where {
  return { socketId: socketId.value, route, path: request.url.pathname, phase };
}

/** Emits a process warning (`COROSOCK_REPORT`); the default. */
export const reportAsWarning: Report = (error, where) => {
  warnOfError(error, placeText(where));
};

/** A client chooses the path. */
const MOST_PATH = 100;

function placeText({ socketId, phase, route = EVERY_PATH, path = route }: Where): string {
  const ofSocket = socketId === undefined ? '' : ` of ${socketId}`;
  const onRoute = route === EVERY_PATH ? '' : ` on ${route}`;
  const atPath = path === route ? '' : ` at ${path.slice(0, MOST_PATH)}`;
  return `${phase}${ofSocket}${onRoute}${atPath}`;
}

/**
 * Makes a hook that never throws. Where the hook itself fails, its error becomes a process warning,
 * and so does the error that it was given.
 */
export function guarded(report: Report): Report {
  return (error, where) => {
    const warn = (hookError: unknown): void => {
      reportAsWarning(error, where);
      reportAsWarning(hookError, { phase: 'report' });
    };
    try {
      // An async function can be a hook, too: its rejection ends here.
      const done: unknown = report(error, where);
      Promise.resolve(done).catch(warn);
    } catch (hookError) {
      warn(hookError);
    }
  };
}
