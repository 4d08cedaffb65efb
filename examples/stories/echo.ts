// An echo as `%CSP.WebSocket` has it: one class per URL, one instance per connection. After
// a minute of silence it says so and goes on; `exit` takes leave.

import { Status } from 'corosock';
import type { ServerSocket, WebSocketServer } from 'corosock';

export class Echo implements WebSocketServer {
  async server(ws: ServerSocket): Promise<void> {
    for (;;) {
      const [data, status] = await ws.read(32_656, 60_000);
      if (status === Status.Closed) return;
      if (status === Status.Timeout) {
        await ws.write('Are you still there?');
        continue;
      }
      if (data === 'exit') break;
      await ws.write(data);
    }
    await ws.endServer(1000, 'Goodbye');
  }
}
