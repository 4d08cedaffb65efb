"""RFC 6455 §5.1 to RFC 6455 §5.3: lengths, masks, reserved bits and opcodes."""

from frames import (IS_CLIENT, WRONGLY_MASKED, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, binary, case,
                    continuation, frame, header, ping, text)

LENGTHS = [0, 1, 2, 3, 4, 5, 15, 16, 17, 123, 124, 125, 126, 127, 128, 129, 255, 256, 257, 1000, 4095, 4096,
           32768, 65534, 65535, 65536, 65537, 131072]

for length in LENGTHS:
    words = b'*' * length
    octets = bytes(n * 7 % 256 for n in range(length))
    case('framing', 'RFC 6455 §5.2', f'a text of {length} bytes', [text(words)], [('text', words)])
    case('framing', 'RFC 6455 §5.2', f'{length} bytes of binary', [binary(octets)], [('binary', octets)])

# The length counts octets, not characters: 125 and 65,535 lie between the two counts of some of these.
for character, counts in [('\u00e9', (62, 63, 125, 126, 32767, 32768, 65535)), ('\u20ac', (41, 42, 125, 21845, 21846)),
                          ('\U0001f600', (31, 32, 62, 63, 16383, 16384))]:
    octets = len(character.encode())
    for count in counts:
        case('framing', 'RFC 6455 §5.2', f'a text of {count} characters of {octets} octets', [text(character * count)],
             [('text', (character * count).encode())])

million = bytes(1048576)
case('framing', 'RFC 6455 §5.2', 'binary of 1 MiB', [binary(million)], [('binary', million)])
case('framing', 'RFC 6455 §5.2', 'messages of both kinds, one behind the other',
     [text(b'a'), binary(b'b'), text(b''), binary(b''), text(b'c')],
     [('text', b'a'), ('binary', b'b'), ('text', b''), ('binary', b''), ('text', b'c')])
case('framing', 'RFC 6455 §5.2', 'fifty messages keep their order',
     [text(b'%d' % n) for n in range(50)], [('text', b'%d' % n) for n in range(50)])

# A server of ours takes a length that is written longer than it need be (see spec/faults/README.md).
for bits, length in [(16, 0), (16, 5), (16, 125), (64, 0), (64, 5), (64, 126), (64, 1000)]:
    case('framing', 'RFC 6455 §5.2', f'a length of {length} written in {bits} bits is accepted all the same',
         [header(TEXT, length, bits, b'*' * length)], [('text', b'*' * length)])

# Only clients mask.
MASKS = [('of zeros', 0), ('of ones', 0xFFFFFFFF), ('of one bit', 1), ('of the first bit', 0x80000000),
         ('of four different octets', 0x01020304)]
for name, mask in IS_CLIENT * MASKS:
    for length in (0, 3, 4, 5, 126):
        payload = b'm' * length
        case('masking', 'RFC 6455 §5.3', f'a mask {name} over {length} bytes', [text(payload, mask=mask)],
             [('text', payload)])

for name, opcode in [('text', TEXT), ('binary', BINARY), ('a continuation', CONTINUATION), ('a close', CLOSE),
                     ('a ping', PING), ('a pong', PONG)]:
    for payload in (b'', b'ab'):
        first = [text(b'first', fin=False)] if opcode == CONTINUATION else []
        case('masking', 'RFC 6455 §5.1', f'{name} of {len(payload)} bytes {WRONGLY_MASKED} is 1002',
             [*first, frame(opcode, payload, wrong_mask=True)], fails=1002)
case('masking', 'RFC 6455 §5.1', f'a frame {WRONGLY_MASKED} behind a good one is 1002',
     [text(b'before'), text(b'x', wrong_mask=True)], [('text', b'before')], fails=1002)

KINDS = [('text', TEXT), ('binary', BINARY), ('a close', CLOSE), ('a ping', PING), ('a pong', PONG)]
for rsv in range(1, 8):
    bits = ' and '.join(f'RSV{n}' for n, bit in ((1, 4), (2, 2), (3, 1)) if rsv & bit)
    for name, opcode in KINDS:
        case('reserved bits', 'RFC 6455 §5.2', f'{name} with {bits} is 1002', [frame(opcode, rsv=rsv)], fails=1002)
    case('reserved bits', 'RFC 6455 §5.2', f'a continuation with {bits} is 1002',
         [text(b'a', fin=False), continuation(b'b', fin=True, rsv=rsv)], fails=1002)
    case('reserved bits', 'RFC 6455 §5.2', f'a message and a ping are served before {bits}',
         [text(b'before'), ping(b'p'), text(b'after', rsv=rsv)], [('text', b'before')], fails=1002)

for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]:
    kind = 'data' if opcode < 8 else 'control'
    name = f'the reserved {kind} opcode {opcode}'
    case('opcodes', 'RFC 6455 §5.2', f'{name} is 1002', [frame(opcode)], fails=1002)
    case('opcodes', 'RFC 6455 §5.2', f'{name} with a payload is 1002', [frame(opcode, b'payload')], fails=1002)
    case('opcodes', 'RFC 6455 §5.2', f'{name} behind a message is 1002', [text(b'before'), frame(opcode, b'x')],
         [('text', b'before')], fails=1002)
    case('opcodes', 'RFC 6455 §5.2', f'{name} inside a message is 1002',
         [text(b'a', fin=False), frame(opcode), continuation(b'b', fin=True)], fails=1002)
