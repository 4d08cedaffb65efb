"""Frames by autobahn: what a client of another project puts on the wire.

Frames are made by `WebSocketClientProtocol.sendFrame` of Debian's python3-autobahn, with a link
that keeps the bytes, and compressed data by its `PerMessageDeflate`. The cases are in the modules
beside this one; cases.py prints all of them.
"""

import asyncio
import hashlib
import struct

import txaio

txaio.use_asyncio()
txaio.config.loop = asyncio.new_event_loop()

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol  # noqa: E402
from autobahn.websocket import protocol  # noqa: E402
from autobahn.websocket.compress_deflate import PerMessageDeflate  # noqa: E402
from autobahn.websocket.protocol import WebSocketProtocol  # noqa: E402

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

#: Bits of `rsv`, as autobahn counts them.
RSV1, RSV2, RSV3 = 4, 2, 1

# IANA has given it a meaning (bad gateway) since; autobahn does not know it yet.
WebSocketProtocol.CLOSE_STATUS_CODES_ALLOWED.append(1014)

factory = WebSocketClientFactory()
factory.setProtocolOptions(openHandshakeTimeout=0, closeHandshakeTimeout=0, autoPingInterval=0)


class Link:
    """A transport that keeps what is written."""

    def __init__(self):
        self.written = b''

    def write(self, data):
        self.written += data

    def close(self):
        pass

    abort = close


def open_client(kind=WebSocketClientProtocol):
    """Makes a client of autobahn that has had its opening handshake."""
    client = kind()
    client.factory = factory
    client.transport = Link()
    client.peer = 'spec'
    WebSocketProtocol._connectionMade(client)
    client.state = WebSocketProtocol.STATE_OPEN
    client.inside_message = False
    client.current_frame = None
    client.websocket_version = 13
    return client


client = open_client()


class Masks:
    """Stands in for the module `random` of autobahn: cases are the same in each run."""

    def __init__(self):
        self.next = 0x5AC30F96
        self.fixed = None

    def getrandbits(self, _bits):
        if self.fixed is not None:
            return self.fixed
        self.next = (self.next * 1103515245 + 12345) & 0xFFFFFFFF
        return self.next


masks = Masks()
protocol.random = masks


def frame(opcode, payload=b'', fin=True, rsv=0, mask=None, masked=True):
    """Gives the bytes of one frame, whether RFC 6455 allows it or not."""
    client.transport.written = b''
    client.maskClientFrames = masked
    masks.fixed = mask
    client.sendFrame(opcode, payload, fin=fin, rsv=rsv)
    return client.transport.written


def text(payload=b'', **more):
    return frame(TEXT, payload.encode() if isinstance(payload, str) else payload, **more)


def binary(payload=b'', **more):
    return frame(BINARY, payload, **more)


def continuation(payload=b'', fin=False, **more):
    return frame(CONTINUATION, payload, fin=fin, **more)


def ping(payload=b'', **more):
    return frame(PING, payload, **more)


def pong(payload=b'', **more):
    return frame(PONG, payload, **more)


def close(code=None, reason=b'', **more):
    payload = b'' if code is None else struct.pack('!H', code) + reason
    return frame(CLOSE, payload, **more)


def fragments(opcode, parts):
    """Gives the frames of one message, one for each part."""
    last = len(parts) - 1
    return [frame(CONTINUATION if n else opcode, part, fin=n == last) for n, part in enumerate(parts)]


def header(opcode, announced, bits, payload=b''):
    """Gives a frame whose length is written in so many bits. autobahn writes the shortest only."""
    whole = frame(opcode, payload, mask=0)
    field = {7: lambda: struct.pack('!B', 0x80 | announced),
             16: lambda: struct.pack('!BH', 0x80 | 126, announced),
             64: lambda: struct.pack('!BQ', 0x80 | 127, announced)}[bits]()
    return whole[:1] + field + b'\0\0\0\0' + payload


class Deflater:
    """Compresses as a client of autobahn does."""

    def __init__(self, takeover=True, window_bits=15):
        self.pmce = PerMessageDeflate(False, False, not takeover, 15, window_bits, None)

    def __call__(self, payload):
        self.pmce.start_compress_message()
        return self.pmce.compress_message_data(payload) + self.pmce.end_compress_message()


def token(kind, payload):
    """Names a message: short ones by their bytes, others by length and digest."""
    if len(payload) <= 32:
        return f'{kind} {payload.hex()}'
    return f'{kind} of {len(payload)} bytes {hashlib.sha1(payload).hexdigest()[:16]}'


GOODBYE = close(1000)

cases = []


def case(group, rule, title, frames, read=(), pongs=(), closes=None, fails=None, leaves=None, host='plain',
         offer=None, fresh=None):
    """Adds a case.

    :param rule: The section that the case is about, with its RFC.
    :param frames: What the client sends, frame by frame.
    :param read: Messages that the handler reads, as (kind, payload). Each is sent back, unless the
        server ends the link.
    :param pongs: What the server answers pings with, unless it ends the link.
    :param closes: The code of the close frame among `frames`, 1005 for one without a code. None
        where the client closes with 1000 once it has all answers.
    :param fails: The code with which the server ends the link; None where it does not.
    :param leaves: Whether the client answers the close of a host that leaves; None for other hosts.
    :param host: 'plain'; 'deflate', which compresses; 'small', which takes messages of 1,000 bytes;
        'both', small and compressing; 'fragments', which takes 65,536 of them in a message; 'leaving',
        which closes with 4000 before it reads.
    :param offer: The extensions that the client offers.
    :param fresh: The frames, where the server asks for client_no_context_takeover.
    """
    by = 'peer' if fails is None else 'limit' if fails in (1008, 1009) else 'protocol'
    end = {'code': fails or closes or 1000, 'by': by, 'clean': fails is None}
    if leaves is not None:
        end = {'code': 4000, 'by': 'local', 'clean': leaves}
    cases.append({
        'group': group,
        'title': f'{rule}: {title}',
        'host': host,
        'offer': offer,
        'frames': [part.hex() for part in frames],
        'fresh': None if fresh is None else [part.hex() for part in fresh],
        'goodbye': GOODBYE.hex() if (fails, closes, leaves) == (None, None, None) else None,
        'read': [token(kind, payload) for kind, payload in read],
        'pongs': [] if fails else [token('pong', payload) for payload in pongs],
        'end': end,
    })
