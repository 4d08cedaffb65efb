"""RFC 6455 §5.6, RFC 6455 §8.1 and RFC 3629: text is UTF-8, whatever the frames that it comes in.

Whether octets are UTF-8 is said here, and checked against the validator of autobahn.
"""

from autobahn.websocket.utf8validator import Utf8Validator

from frames import TEXT, binary, case, fragments, text


def is_utf8(octets):
    is_valid, is_at_end, _, _ = Utf8Validator().validate(octets)
    return is_valid and is_at_end


def good(name, octets):
    assert is_utf8(octets), name
    case('UTF-8', 'RFC 6455 §5.6', f'{name} is a text', [text(octets)], [('text', octets)])


def bad(name, octets):
    assert not is_utf8(octets), name
    case('UTF-8', 'RFC 6455 §8.1', f'{name} is 1007', [text(octets)], fails=1007)


def both(name, octets):
    """Puts octets that are no UTF-8 alone, and between words."""
    bad(name, octets)
    bad(f'{name} between words', 'κόσμε '.encode() + octets + b' edited')


for name, code_points in [
    ('the first character of one octet', [0x00]), ('the last of one octet', [0x7F]),
    ('the first of two octets', [0x80]), ('the last of two octets', [0x7FF]),
    ('the first of three octets', [0x800]), ('the last of three octets', [0xFFFF]),
    ('the first of four octets', [0x10000]), ('the last of four octets', [0x10FFFF]),
    ('the last before the surrogates', [0xD7FF]), ('the first behind the surrogates', [0xE000]),
    ('the replacement character', [0xFFFD]), ('a byte order mark', [0xFEFF]),
    ('a byte order mark inside', [0x61, 0xFEFF, 0x62]), ('a character that is none, U+FDD0', [0xFDD0]),
    ('a character that is none, U+FDEF', [0xFDEF]), ('a combining accent alone', [0x301]),
    ('a family of four, joined', [0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467, 0x200D, 0x1F466]),
    ('each length in turn', [0x24, 0xA2, 0x20AC, 0x10348, 0x20AC, 0xA2, 0x24]),
    ('lines and controls', [0x0A, 0x0D, 0x09, 0x1B, 0x85, 0x2028]),
]:
    good(name, ''.join(map(chr, code_points)).encode())
# Neither is a character of any language, and both may be sent (RFC 3629 §3, Unicode corrigendum 9).
for plane in range(17):
    for end in (0xFFFE, 0xFFFF):
        good(f'the character that is none, U+{plane * 0x10000 + end:04X}', chr(plane * 0x10000 + end).encode())
good('a text in ten scripts', 'aßγдא ع अ 中 한 𐍈'.encode())
good('four octets a character, a thousand times', '\U0001f680'.encode() * 1000)

for octets in (b'\x80', b'\x9f', b'\xbf', b'\x80\xbf', b'\x80\xbf\x80', b'\x80\xbf\x80\xbf', b'\x80\xbf\x80\xbf\x80'):
    both(f'octets without a first one, {octets.hex(" ")},', octets)
for octet in (0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF):
    both(f'the octet {octet:02x}, which is in no UTF-8,', bytes([octet]))
for octet in (0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEF, 0xF0, 0xF1, 0xF4):
    bad(f'a first octet {octet:02x} before a space', bytes([octet]) + b' ')
    bad(f'a first octet {octet:02x} before another one', bytes([octet, octet]))
for octets in (b'\xc0\x80', b'\xc0\xaf', b'\xc1\xbf', b'\xe0\x80\x80', b'\xe0\x80\xaf', b'\xe0\x9f\xbf',
               b'\xf0\x80\x80\x80', b'\xf0\x80\x80\xaf', b'\xf0\x8f\xbf\xbf', b'\xf8\x80\x80\x80\xaf',
               b'\xfc\x80\x80\x80\x80\xaf'):
    both(f'an overlong character, {octets.hex(" ")},', octets)
for octets in (b'\xed\xa0\x80', b'\xed\xad\xbf', b'\xed\xae\x80', b'\xed\xaf\xbf', b'\xed\xb0\x80', b'\xed\xbe\x80',
               b'\xed\xbf\xbf', b'\xed\xa0\x80\xed\xb0\x80', b'\xed\xaf\xbf\xed\xbf\xbf'):
    both(f'surrogates, {octets.hex(" ")},', octets)
for octets in (b'\xf4\x90\x80\x80', b'\xf7\xbf\xbf\xbf', b'\xf8\x88\x80\x80\x80', b'\xfb\xbf\xbf\xbf\xbf',
               b'\xfc\x84\x80\x80\x80\x80', b'\xfd\xbf\xbf\xbf\xbf\xbf'):
    both(f'a character beyond U+10FFFF, {octets.hex(" ")},', octets)
for octets in (b'\xc2', b'\xe0', b'\xe0\xa0', b'\xef\xbf', b'\xf0', b'\xf0\x90', b'\xf0\x90\x80', b'\xf4\x8f\xbf'):
    both(f'a character that is cut, {octets.hex(" ")},', octets)

# Fragments may end inside a character (RFC 6455 §5.6); the message may not.
for name, octets in [('two', 'é'.encode()), ('three', '€'.encode()), ('four', '😀'.encode())]:
    for cut in range(1, len(octets)):
        case('UTF-8', 'RFC 6455 §5.6', f'a character of {name} octets in fragments, cut behind octet {cut}',
             fragments(TEXT, [b'a' + octets[:cut], octets[cut:] + b'b']), [('text', b'a' + octets + b'b')])
        case('UTF-8', 'RFC 6455 §8.1', f'a character of {name} octets that ends the text behind octet {cut} is 1007',
             fragments(TEXT, [b'a', octets[:cut]]), fails=1007)
    case('UTF-8', 'RFC 6455 §5.6', f'characters of {name} octets in fragments of one octet',
         fragments(TEXT, [bytes([octet]) for octet in octets * 5]), [('text', octets * 5)])
case('UTF-8', 'RFC 6455 §5.6', 'a character whose octets have empty fragments between them',
     fragments(TEXT, [b'\xf0', b'', b'\x9f', b'', b'\x98', b'', b'\x80']), [('text', '😀'.encode())])
for name, parts in [('the first', [b'\xff', b'b', b'c']), ('the middle', [b'a', b'\xc0\x80', b'c']),
                    ('the last', [b'a', b'b', b'\xed\xa0\x80'])]:
    case('UTF-8', 'RFC 6455 §8.1', f'octets that are no UTF-8 in {name} of three fragments are 1007',
         fragments(TEXT, parts), fails=1007)
case('UTF-8', 'RFC 6455 §8.1', 'two halves of a character in two messages are 1007',
     [text(b'\xc3'), text(b'\xa9')], fails=1007)
case('UTF-8', 'RFC 6455 §8.1', 'a text before one that is no UTF-8 is read', [text('é'), text(b'\xff')],
     [('text', 'é'.encode())], fails=1007)

for octets in (b'\xff', b'\x80', b'\xc0\x80', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xf0\x90', bytes(range(256))):
    name = octets.hex(' ') if len(octets) < 9 else 'each of 256'
    case('UTF-8', 'RFC 6455 §5.6', f'binary may hold the octets {name}', [binary(octets)], [('binary', octets)])
