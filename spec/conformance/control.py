"""RFC 6455 §5.5, RFC 6455 §7.1 and RFC 6455 §7.4: pings, pongs and the closing handshake."""

from frames import (WRONGLY_MASKED, CLOSE, PING, PONG, TEXT, binary, case, close, continuation, fragments, frame,
                    ping, pong, text)

SIZES = [0, 1, 2, 3, 4, 16, 64, 123, 124, 125]

for size in SIZES:
    words, octets = b'p' * size, bytes(255 - n for n in range(size))
    case('pings', 'RFC 6455 §5.5.2', f'a ping of {size} bytes is answered', [ping(words)], pongs=[words])
    case('pings', 'RFC 6455 §5.5.2', f'a ping of {size} octets that are no text is answered', [ping(octets)],
         pongs=[octets])
    case('pings', 'RFC 6455 §5.5.3', f'a pong of {size} bytes that was not asked for is ignored',
         [pong(words), text(b'go on')], [('text', b'go on')])
for size in [126, 127, 128, 1000, 65536]:
    for name, opcode in [('a ping', PING), ('a pong', PONG), ('a close', CLOSE)]:
        # Of a close, the first two octets are the code 1000.
        case('pings', 'RFC 6455 §5.5', f'{name} of {size} bytes is 1002',
             [frame(opcode, b'\x03\xe8' + b'x' * (size - 2))], fails=1002)
for name, opcode in [('a ping', PING), ('a pong', PONG), ('a close', CLOSE)]:
    case('pings', 'RFC 6455 §5.4', f'{name} without FIN is 1002', [frame(opcode, fin=False)], fails=1002)
    case('pings', 'RFC 6455 §5.4', f'{name} in two fragments is 1002',
         [frame(opcode, b'', fin=False), continuation(b'', fin=True)], fails=1002)
case('pings', 'RFC 6455 §5.5.2', 'ten pings are answered in order', [ping(b'%d' % n) for n in range(10)],
     pongs=[b'%d' % n for n in range(10)])
case('pings', 'RFC 6455 §5.5.2', 'pings between messages are answered, and both keep their order',
     [ping(b'1'), text(b'a'), ping(b'2'), binary(b'b'), ping(b'3')], [('text', b'a'), ('binary', b'b')],
     [b'1', b'2', b'3'])
case('pings', 'RFC 6455 §5.5.3', 'pongs between messages and pings are ignored',
     [pong(b'1'), ping(b'2'), pong(b'3'), text(b'a'), pong()], [('text', b'a')], [b'2'])
case('pings', 'RFC 6455 §5.5.2', 'a ping before a broken frame does not save the link',
     [ping(b'1'), frame(TEXT, b'x', rsv=1)], fails=1002)

# The closing handshake.

VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999]
INVALID = [0, 1, 100, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 65535]

case('closing', 'RFC 6455 §5.5.1', 'a close without a code is answered, and is 1005', [close()], closes=1005)
for code in VALID:
    case('closing', 'RFC 6455 §7.4.1', f'close code {code} is answered with itself', [close(code)], closes=code)
    case('closing', 'RFC 6455 §7.4.1', f'close code {code} with a reason', [close(code, b'because')], closes=code)
for code in INVALID:
    case('closing', 'RFC 6455 §7.4', f'close code {code} is 1002', [close(code)], fails=1002)
    case('closing', 'RFC 6455 §7.4', f'close code {code} with a reason is 1002', [close(code, b'because')],
         fails=1002)
for size in [1, 2, 122, 123]:
    case('closing', 'RFC 6455 §5.5.1', f'a reason of {size} bytes', [close(1000, b'r' * size)], closes=1000)
case('closing', 'RFC 6455 §5.5', 'a reason of 124 bytes is 1002', [close(1000, b'r' * 124)], fails=1002)
case('closing', 'RFC 6455 §5.5.1', 'a close of one byte is 1002', [frame(CLOSE, b'\x03')], fails=1002)
for name, reason in [('two octets a character', '\u00e9' * 61), ('three octets a character', '\u20ac' * 41),
                     ('four octets a character', '\U0001f600' * 30), ('a NUL', 'a\0b')]:
    case('closing', 'RFC 6455 §5.5.1', f'a reason with {name}', [close(1000, reason.encode())], closes=1000)
for octets in [b'\xff', b'\x80', b'\xc0\x80', b'\xc3', b'ab\xe2\x82', b'\xed\xa0\x80', b'\xf4\x90\x80\x80',
               b'\xf8\x88\x80\x80\x80', b'abc\xc1\xbf']:
    case('closing', 'RFC 6455 §8.1', f'a reason of the octets {octets.hex(" ")} is 1007', [close(1000, octets)],
         fails=1007)
case('closing', 'RFC 6455 §5.5.1', 'a message before the close is read', [text(b'last'), close(1000)],
     [('text', b'last')], closes=1000)
case('closing', 'RFC 6455 §5.5.1', 'twenty messages before the close are read',
     [*(text(b'%d' % n) for n in range(20)), close(4000)], [('text', b'%d' % n) for n in range(20)], closes=4000)
for name, frames in [('a message', [text(b'late')]), ('a ping', [ping(b'late')]), ('a pong', [pong(b'late')]),
                     ('a second close', [close(1001)]), ('a fragment', [text(b'a', fin=False)]),
                     ('a broken frame', [frame(3)]), (f'a frame {WRONGLY_MASKED}', [text(b'x', wrong_mask=True)])]:
    case('closing', 'RFC 6455 §5.5.1', f'{name} behind the close is not looked at', [close(1000), *frames],
         closes=1000)
case('closing', 'RFC 6455 §5.5.1', 'a close inside a fragmented message drops that message',
     [text(b'before'), text(b'a', fin=False), close(1000)], [('text', b'before')], closes=1000)
case('closing', 'RFC 6455 §5.5.1', 'a close behind a fragmented message',
     [*fragments(TEXT, [b'a', b'b', b'c']), close(3000, b'done')], [('text', b'abc')], closes=3000)
