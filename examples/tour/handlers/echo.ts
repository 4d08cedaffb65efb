import type { ServerSocket } from 'corosock';

// Sends everything back. After fifteen idle seconds it takes its leave.
export async function echo(ws: ServerSocket): Promise<void> {
  await ws.write('Say something, and it comes back.');

  for (;;) {
    const [data, status] = await ws.read({ timeoutMs: 15_000 });
    if (status === 'closed') return;
    if (status === 'timeout') break;
    await ws.write(data);
  }

  await ws.write('Nothing for fifteen seconds. Goodbye!');
}
