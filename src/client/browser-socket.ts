// A client's socket in a browser: the same words, but a page may not send every
// close code.

import { ConnectedSocket } from '../socket/client-socket.ts';
import { rejected } from '../waiting/abortable.ts';
import { isBrowserCloseCode } from '../transport/browser/transport.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { UsageError } from '../core/errors.ts';

/** A {@link ConnectedSocket} whose `close` refuses what the browser would refuse. */
export class BrowserSocket extends ConnectedSocket {
  override close(code = 1000, reason = ''): Promise<CloseInfo> {
    if (isBrowserCloseCode(code)) return super.close(code, reason);
    return rejected(
      new UsageError(
        'COROSOCK_CLOSE_CODE',
        `ws.close(): expected a close code that a page may send, 1000 or 3000–4999, got ${String(code)}`,
      ),
    );
  }
}
