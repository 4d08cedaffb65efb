import type { ServerSocket } from 'corosock';

// The game is two local variables and a loop. A time-out gives a hint.
export async function guessTheNumber(ws: ServerSocket): Promise<void> {
  const secret = 1 + Math.floor(Math.random() * 100);
  let guesses = 0;
  await ws.write('I am thinking of a number from 1 to 100. Which one?');

  for (;;) {
    const [text, status] = await ws.read({ timeoutMs: 15_000 });
    if (status === 'closed') return;
    if (status === 'timeout') {
      await ws.write(secret > 50 ? 'Hint: above 50.' : 'Hint: not above 50.');
      continue;
    }
    guesses += 1;
    const guess = Number(text);
    if (guess === secret) break;
    if (guess < secret) await ws.write('Higher.');
    else if (guess > secret) await ws.write('Lower.');
    else await ws.write('That is not a number.');
  }

  await ws.write(`Yes, ${secret}! Guesses: ${guesses}.`);
}
