# Echo with Python's websockets, the library whose straight-line style comes nearest
# to ours. Prints its port.

import asyncio
import websockets


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def main():
    async with websockets.serve(
        echo, "127.0.0.1", 0, compression=None, max_size=1_048_576, ping_interval=None
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
