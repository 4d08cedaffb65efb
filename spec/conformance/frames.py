"""Frames by autobahn: what a peer of another project puts on the wire.

Frames are made by `sendFrame` of Debian's python3-autobahn, with a link that keeps the bytes, and
compressed data by its `PerMessageDeflate`. The cases are in the modules beside this one; cases.py
prints all of them. The first argument of a script says which side autobahn is on: `client`, against
a host of ours, or `server`, against a client of ours.
"""

import asyncio
import hashlib
import struct
import sys

import txaio

txaio.use_asyncio()
txaio.config.loop = asyncio.new_event_loop()

from autobahn.asyncio.websocket import (  # noqa: E402
    WebSocketClientFactory, WebSocketClientProtocol, WebSocketServerFactory, WebSocketServerProtocol)
from autobahn.websocket import protocol  # noqa: E402
from autobahn.websocket.compress_deflate import PerMessageDeflate  # noqa: E402
from autobahn.websocket.protocol import WebSocketProtocol  # noqa: E402

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

#: Bits of `rsv`, as autobahn counts them.
RSV1, RSV2, RSV3 = 4, 2, 1

# IANA has given it a meaning (bad gateway) since; autobahn does not know it yet.
WebSocketProtocol.CLOSE_STATUS_CODES_ALLOWED.append(1014)

IS_CLIENT = sys.argv[1] == 'client'
#: Our side.
OURS = 'server' if IS_CLIENT else 'client'
WRONGLY_MASKED = 'without a mask' if IS_CLIENT else 'with a mask'

Protocol = WebSocketClientProtocol if IS_CLIENT else WebSocketServerProtocol
factory = WebSocketClientFactory() if IS_CLIENT else WebSocketServerFactory()
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


def open_peer(kind=Protocol):
    """Makes a peer of autobahn that has had its opening handshake."""
    peer = kind()
    peer.factory = factory
    peer.transport = Link()
    peer.peer = 'spec'
    WebSocketProtocol._connectionMade(peer)
    peer.state = WebSocketProtocol.STATE_OPEN
    peer.inside_message = False
    peer.current_frame = None
    peer.websocket_version = 13
    return peer


peer = open_peer()


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


def frame(opcode, payload=b'', fin=True, rsv=0, mask=None, wrong_mask=False):
    """Gives the bytes of one frame, whether RFC 6455 allows it or not."""
    peer.transport.written = b''
    peer.maskClientFrames, peer.maskServerFrames = not wrong_mask, wrong_mask
    masks.fixed = mask
    peer.sendFrame(opcode, payload, fin=fin, rsv=rsv)
    return peer.transport.written


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
    bit, mask = (0x80, b'\0\0\0\0') if IS_CLIENT else (0, b'')
    length = struct.pack('!BH' if bits == 16 else '!BQ', bit | (126 if bits == 16 else 127), announced)
    return frame(opcode)[:1] + length + mask + payload


class Deflater:
    """Compresses as a peer of autobahn does."""

    def __init__(self, takeover=True, window_bits=15):
        self.pmce = PerMessageDeflate(not IS_CLIENT, not takeover, not takeover, window_bits, window_bits, None)

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
    :param frames: What autobahn sends, frame by frame.
    :param read: Messages that our side reads, as (kind, payload). Each is sent back, unless our side
        ends the link.
    :param pongs: What our side answers pings with, unless it ends the link.
    :param closes: The code of the close frame among `frames`, 1005 for one without a code. None
        where autobahn closes with 1000 once it has all answers.
    :param fails: The code with which our side ends the link; None where it does not.
    :param leaves: Whether autobahn answers the close of a side that leaves; None for others.
    :param host: What our side is: 'plain'; 'deflate', which compresses; 'small', which takes messages
        of 1,000 bytes; 'both', small and compressing; 'fragments', which takes 65,536 of them in a
        message; 'leaving', which closes with 4000 before it reads.
    :param offer: The extensions that autobahn offers or, on the side of the server, has agreed to.
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
