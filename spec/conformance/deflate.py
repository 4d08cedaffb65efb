"""RFC 7692: permessage-deflate, from the offer to the last block."""

import struct
import zlib

from frames import (IS_CLIENT, BINARY, CLOSE, PING, PONG, RSV1, TEXT, Deflater, binary, case, continuation, frame,
                    ping, text)

PLAIN = 'permessage-deflate'
OFFERS = [
    PLAIN,
    f'{PLAIN}; client_no_context_takeover',
    f'{PLAIN}; server_no_context_takeover',
    f'{PLAIN}; client_no_context_takeover; server_no_context_takeover',
    *(f'{PLAIN}; client_max_window_bits={bits}' for bits in (9, 12, 15)),
    *(f'{PLAIN}; server_max_window_bits={bits}' for bits in (9, 10, 12, 15)),
]
# A server must not answer so; a client may offer it.
OFFERS += IS_CLIENT * [
    f'{PLAIN}; client_max_window_bits',
    f'{PLAIN}; server_max_window_bits=10; client_max_window_bits=11; server_no_context_takeover',
    f'{PLAIN}; server_no_context_takeover; server_max_window_bits=9, {PLAIN}',
    f'x-unknown; a=1, {PLAIN}',
]
SAID = 'offered as' if IS_CLIENT else 'agreed to as'
OWN = 'client' if IS_CLIENT else 'server'
PAYLOADS = {
    'an empty message': b'',
    'a short message': b'Hello',
    'a message that repeats itself': b'over and over ' * 700,
    'a message that hardly compresses': bytes((n * n * 31 + n // 7) % 251 for n in range(5000)),
}


def bits_of(offer):
    """Gives a window that suits each answer: the smallest that autobahn's side has named."""
    for bits in (9, 10, 11, 12):
        if f'{OWN}_max_window_bits={bits}' in offer:
            return bits
    return 15


def deflated(opcode, payload, deflate, fin=True):
    return frame(opcode, deflate(payload), fin=fin, rsv=RSV1)


def fresh(bits=15):
    """Compresses each message by itself, which each server can read."""
    return Deflater(takeover=False, window_bits=bits)


def compressed(rule, title, frames, read=(), **more):
    case('compression', rule, title, frames, read, host=more.pop('host', 'deflate'), offer=more.pop('offer', PLAIN),
         **more)


for offer in OFFERS:
    for name, payload in PAYLOADS.items():
        deflate = fresh(bits_of(offer))
        compressed('RFC 7692 §7.1', f'{name}, {SAID} {offer}', [deflated(BINARY, payload, deflate)],
                   [('binary', payload)], offer=offer)
    words = [b'the same words again and again'] * 4
    alone = fresh(bits_of(offer))
    together = alone if f'{OWN}_no_context_takeover' in offer else Deflater(window_bits=bits_of(offer))
    compressed('RFC 7692 §7.2.3.2', f'messages that refer to each other, {SAID} {offer}',
               [deflated(TEXT, word, together) for word in words], [('text', word) for word in words], offer=offer,
               fresh=[deflated(TEXT, word, alone) for word in words])

for name, offer in IS_CLIENT * [('not offered', None), ('not spoken', 'x-unknown'),
                                ('another one', 'permessage-bzip2; a=3')]:
    compressed('RFC 7692 §5', f'an extension that is {name} is not used', [text(b'as it is')], [('text', b'as it is')],
               offer=offer)
if IS_CLIENT:
    compressed('RFC 7692 §5.1', 'a host without compression does not agree to it', [text(b'as it is')],
               [('text', b'as it is')], host='plain')
compressed('RFC 7692 §6', 'a compressed message that was not agreed on is 1002', [deflated(TEXT, b'Hello', fresh())],
           fails=1002, host='plain', offer=PLAIN if IS_CLIENT else None)

one = fresh()
compressed('RFC 7692 §6', 'a message that is not compressed among compressed ones',
           [deflated(TEXT, b'one', one), text(b'two'), deflated(TEXT, b'three', one), binary(b'four')],
           [('text', b'one'), ('text', b'two'), ('text', b'three'), ('binary', b'four')])
hello = fresh()(b'Hello, hello, hello')
for cut in (0, 1, 3, len(hello) - 1, len(hello)):
    compressed('RFC 7692 §7.2.3.1', f'a compressed message in two fragments, cut behind octet {cut}',
               [frame(TEXT, hello[:cut], fin=False, rsv=RSV1), continuation(hello[cut:], fin=True)],
               [('text', b'Hello, hello, hello')])
compressed('RFC 7692 §7.2.3.1', 'a compressed message in fragments of one octet, pings between',
           [frame(TEXT, hello[:1], fin=False, rsv=RSV1), ping(b'1'),
            *(continuation(bytes([octet])) for octet in hello[1:]), ping(b'2'), continuation(b'', fin=True)],
           [('text', b'Hello, hello, hello')], pongs=[b'1', b'2'])


def stored(payload, last=False):
    """A block that is stored, not compressed (RFC 1951 §3.2.4)."""
    return struct.pack('<BHH', int(last), len(payload), 0xFFFF ^ len(payload)) + payload


compressed('RFC 7692 §7.2.3.3', 'a block that is not compressed',
           [frame(TEXT, stored(b'Hello') + b'\0', rsv=RSV1)], [('text', b'Hello')])
compressed('RFC 7692 §7.2.3.4', 'a block that says it is the last',
           [frame(TEXT, bytes.fromhex('f348cdc9c9070000'), rsv=RSV1)], [('text', b'Hello')])
compressed('RFC 7692 §7.2.3.5', 'two blocks in one message',
           [frame(TEXT, bytes.fromhex('f2480500 0000ffff cac9c907 00'), rsv=RSV1)], [('text', b'Hello')])
compressed('RFC 7692 §7.2.3.6', 'an empty message of one octet', [frame(TEXT, b'\0', rsv=RSV1)], [('text', b'')])
compressed('RFC 7692 §7.2.1', 'the example of a compressed Hello',
           [frame(TEXT, bytes.fromhex('f248cdc9c90700'), rsv=RSV1)], [('text', b'Hello')])
compressed('RFC 7692 §7.2.2', 'stored blocks of three sizes in one message',
           [frame(BINARY, stored(b'a') + stored(b'') + stored(b'b' * 300) + b'\0', rsv=RSV1)],
           [('binary', b'a' + b'b' * 300)])


def cannot_be_inflated(octets):
    try:
        zlib.decompressobj(-15).decompress(octets + b'\0\0\xff\xff')
    except zlib.error:
        return True
    return False


for name, octets in [('a block of the reserved type', b'\x07'), ('octets that are no block', b'\xff\xff\xff\xff'),
                     ('a stored block whose length contradicts itself', b'\x00\x05\x00\x05\x00Hello'),
                     ('a reference to before the beginning', b'\x02\x02\x00')]:
    assert cannot_be_inflated(octets), name
    compressed('RFC 7692 §7.2.2', f'{name} is 1007', [frame(BINARY, octets, rsv=RSV1)], fails=1007)
    compressed('RFC 7692 §7.2.2', f'a message before {name} is read',
               [text(b'before'), frame(BINARY, octets, rsv=RSV1)], [('text', b'before')], fails=1007)
for octets in (b'\xff', b'\xc3', b'\xed\xa0\x80', b'\xf4\x90\x80\x80'):
    compressed('RFC 6455 §8.1', f'compressed text of the octets {octets.hex(" ")} is 1007',
               [deflated(TEXT, octets, fresh())], fails=1007)
for name, opcode in [('a ping', PING), ('a pong', PONG), ('a close', CLOSE)]:
    compressed('RFC 7692 §6', f'{name} with RSV1 is 1002', [frame(opcode, rsv=RSV1)], fails=1002)
compressed('RFC 7692 §6', 'a continuation with RSV1 is 1002',
           [frame(TEXT, hello[:3], fin=False, rsv=RSV1), continuation(hello[3:], fin=True, rsv=RSV1)], fails=1002)
for rsv in (1, 2, 3, 5, 6, 7):
    compressed('RFC 6455 §5.2', f'a message with the reserved bits {rsv:03b} is 1002', [frame(TEXT, b'', rsv=rsv)],
               fails=1002)

zeros = bytes(1000)
compressed('RFC 7692 §8', 'a compressed message that becomes the limit', [deflated(BINARY, zeros, fresh())],
           [('binary', zeros)], host='both')
for size in (1001, 65536, 4194304):
    compressed('RFC 7692 §8', f'a compressed message that becomes {size} bytes is 1009',
               [deflated(BINARY, bytes(size), fresh())], fails=1009, host='both')
bomb = fresh()(bytes(50000))
compressed('RFC 7692 §8', 'a compressed message in fragments that becomes too long is 1009',
           [frame(BINARY, bomb[:20], fin=False, rsv=RSV1), continuation(bomb[20:], fin=True)], fails=1009, host='both')
