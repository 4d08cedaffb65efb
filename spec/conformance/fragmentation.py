"""RFC 6455 §5.4: messages in fragments, and frames between them."""

from frames import (BINARY, TEXT, binary, case, continuation, fragments, ping, pong, text)

SPLITS = {
    'two fragments': [b'one ', b'two'],
    'three fragments': [b'one ', b'two ', b'three'],
    'an empty first fragment': [b'', b'all'],
    'an empty fragment in the middle': [b'a', b'', b'b'],
    'an empty last fragment': [b'all', b''],
    'empty fragments only': [b'', b'', b''],
    'fragments of one byte': [b'%c' % c for c in b'letter by letter'],
    'a hundred fragments': [b'%02d ' % n for n in range(100)],
    'a thousand empty fragments': [b''] * 1000,
    'long and short fragments': [b'x' * 200, b'y', b'z' * 70000],
}

for name, parts in SPLITS.items():
    whole = b''.join(parts)
    case('fragmentation', 'RFC 6455 §5.4', f'a text in {name}', fragments(TEXT, parts), [('text', whole)])
    case('fragmentation', 'RFC 6455 §5.4', f'binary in {name}', fragments(BINARY, parts), [('binary', whole)])

first, middle, last = text(b'a', fin=False), continuation(b'b'), continuation(b'c', fin=True)
for name, make, pongs in [('a ping', ping, [b'1', b'2']), ('a pong', pong, [])]:
    case('fragmentation', 'RFC 6455 §5.4', f'{name} between each of three fragments',
         [first, make(b'1'), middle, make(b'2'), last], [('text', b'abc')], pongs)
    case('fragmentation', 'RFC 6455 §5.4', f'{name} of 125 bytes between two fragments',
         [first, make(b'x' * 125), last], [('text', b'ac')], [b'x' * 125] if pongs else [])
case('fragmentation', 'RFC 6455 §5.5.2', 'twenty pings between two fragments',
     [first, *(ping(b'%d' % n) for n in range(20)), last], [('text', b'ac')], [b'%d' % n for n in range(20)])
case('fragmentation', 'RFC 6455 §5.4', 'fragmented messages of both kinds, one behind the other',
     [*fragments(TEXT, [b'a', b'b']), *fragments(BINARY, [b'c', b'd']), *fragments(TEXT, [b'e', b'f'])],
     [('text', b'ab'), ('binary', b'cd'), ('text', b'ef')])
case('fragmentation', 'RFC 6455 §5.4', 'whole messages around a fragmented one',
     [text(b'1'), *fragments(TEXT, [b'2', b'3']), binary(b'4')], [('text', b'1'), ('text', b'23'), ('binary', b'4')])

for fin in (False, True):
    kind = 'the last fragment' if fin else 'a fragment in the middle'
    for payload in (b'', b'x'):
        size = f'{len(payload)} bytes'
        case('fragmentation', 'RFC 6455 §5.4', f'{kind} of no message, {size}, is 1002',
             [continuation(payload, fin=fin)], fails=1002)
        case('fragmentation', 'RFC 6455 §5.4', f'{kind} behind a whole message, {size}, is 1002',
             [text(b'whole'), continuation(payload, fin=fin)], [('text', b'whole')], fails=1002)
        case('fragmentation', 'RFC 6455 §5.4', f'{kind} behind a message in fragments, {size}, is 1002',
             [*fragments(TEXT, [b'a', b'b']), continuation(payload, fin=fin)], [('text', b'ab')], fails=1002)
for outer, make_outer in [('text', text), ('binary', binary)]:
    for inner, make_inner in [('text', text), ('binary', binary)]:
        for fin in (False, True):
            kind = 'a whole' if fin else 'a fragmented'
            case('fragmentation', 'RFC 6455 §5.4', f'{kind} {inner} message inside {outer} is 1002',
                 [make_outer(b'a', fin=False), make_inner(b'b', fin=fin), continuation(b'c', fin=True)], fails=1002)
