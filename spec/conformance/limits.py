"""RFC 6455 §7.4.1 and RFC 6455 §10.4: what is too long, by its header or by its fragments."""

from frames import BINARY, TEXT, binary, case, continuation, fragments, header, text

LIMIT = 1000

for name, opcode, make in [('text', TEXT, text), ('binary', BINARY, binary)]:
    at, above = b'l' * LIMIT, b'l' * (LIMIT + 1)
    case('limits', 'RFC 6455 §10.4', f'{name} of exactly the limit', [make(at)], [(name, at)], host='small')
    case('limits', 'RFC 6455 §7.4.1', f'{name} of one byte more is 1009', [make(above)], fails=1009, host='small')
    case('limits', 'RFC 6455 §10.4', f'{name} of exactly the limit in three fragments',
         fragments(opcode, [at[:400], at[400:999], at[999:]]), [(name, at)], host='small')
    case('limits', 'RFC 6455 §7.4.1', f'{name} of one byte more in two fragments is 1009',
         fragments(opcode, [at, b'l']), fails=1009, host='small')
    case('limits', 'RFC 6455 §7.4.1', f'{name} of one byte more in many fragments is 1009',
         fragments(opcode, [b'l' * 7] * 143), fails=1009, host='small')
    case('limits', 'RFC 6455 §7.4.1', f'a message before too long {name} is read', [text(b'before'), make(above)],
         [('text', b'before')], fails=1009, host='small')
    for announced in (LIMIT + 1, 2 ** 16 - 1):
        case('limits', 'RFC 6455 §7.4.1', f'{name} that announces {announced} bytes is 1009 before they come',
             [header(opcode, announced, 16)], fails=1009, host='small')
    for bits in (20, 31, 32, 40, 52, 53, 62, 63):
        case('limits', 'RFC 6455 §7.4.1', f'{name} that announces 2^{bits} bytes is 1009 before they come',
             [header(opcode, 2 ** bits, 64)], fails=1009, host='small')
case('limits', 'RFC 6455 §7.4.1', 'text that announces 2^64 - 1 bytes is 1009', [header(TEXT, 2 ** 64 - 1, 64)],
     fails=1009, host='small')
case('limits', 'RFC 6455 §7.4.1', 'characters are counted in bytes: 500 of two octets are the limit',
     [text('é' * 500)], [('text', ('é' * 500).encode())], host='small')
case('limits', 'RFC 6455 §7.4.1', 'characters are counted in bytes: 501 of two octets are 1009',
     [text('é' * 501)], fails=1009, host='small')
case('limits', 'RFC 6455 §7.4.1', 'a continuation that announces too much is 1009',
     [text(b'a', fin=False), header(0, LIMIT, 16)], fails=1009, host='small')
case('limits', 'RFC 6455 §10.4', 'the limit counts for each message, not for all',
     [text(b'x' * 900) for _ in range(5)], [('text', b'x' * 900)] * 5, host='small')


def many(count):
    return [text(b'', fin=False), *([continuation()] * (count - 2)), continuation(b'end', fin=True)]


case('limits', 'RFC 6455 §10.4', '16,384 fragments are accepted by default', many(16384), [('text', b'end')])
case('limits', 'RFC 6455 §10.4', '16,385 fragments are 1008 by default', many(16385), fails=1008)
case('limits', 'RFC 6455 §10.4', 'a flood of fragments that ends with none is 1008 by default',
     [text(b'', fin=False), *([continuation()] * 20000)], fails=1008)
case('limits', 'RFC 6455 §10.4', '65,536 fragments are accepted where maxFragments allows them', many(65536),
     [('text', b'end')], host='fragments')
case('limits', 'RFC 6455 §10.4', '65,537 fragments are 1008 where maxFragments is 65,536', many(65537), fails=1008,
     host='fragments')
