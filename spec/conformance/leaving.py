"""RFC 6455 §7.1: our side closes first, with 4000, and autobahn answers well, badly or late."""

from frames import (OURS, WRONGLY_MASKED, CLOSE, TEXT, binary, case, close, continuation, fragments, frame, ping,
                    pong, text)

ANSWER = close(4000)


def leaving(title, frames, answered=True):
    case(f'closing by the {OURS}', 'RFC 6455 §7.1.2', title, frames, host='leaving', leaves=answered)


leaving('an answer with the same code', [ANSWER])
leaving('an answer with code and reason', [close(4000, b'bye')])
leaving('an answer without a code', [close()])
for code in (1000, 1001, 1011, 3000, 4999):
    leaving(f'an answer with another code, {code}', [close(code)])
leaving('two answers', [ANSWER, ANSWER])
for name, frames in [
    ('a text', [text(b'late')]), ('an empty text', [text()]), ('binary', [binary(b'late')]),
    ('a thousand messages', [text(b'late')] * 1000), ('a message in fragments', fragments(TEXT, [b'a', b'b', b'c'])),
    ('the first half of a message', [text(b'half', fin=False)]), ('a ping', [ping(b'late')]), ('a pong', [pong()]),
    ('a ping inside a message', [text(b'a', fin=False), ping(b'p'), continuation(b'b', fin=True)]),
    ('binary of 64 KiB', [binary(b'l' * 65536)]),
]:
    leaving(f'{name} before the answer is dropped', [*frames, ANSWER])
    leaving(f'{name} behind the answer is not looked at', [ANSWER, *frames])
for name, frames in [
    ('with the close code 999', [close(999)]), ('with the close code 1005', [close(1005)]),
    ('of one byte', [frame(CLOSE, b'\x0f')]), ('with a reason that is no UTF-8', [close(4000, b'\xff')]),
    (WRONGLY_MASKED, [close(4000, wrong_mask=True)]), ('with RSV1', [close(4000, rsv=4)]),
    ('without FIN', [close(4000, fin=False)]),
]:
    leaving(f'an answer {name} does not count', frames, answered=False)
for name, frames in [
    ('a reserved opcode', [frame(3)]), ('RSV2', [text(b'x', rsv=2)]),
    (f'a frame {WRONGLY_MASKED}', [text(b'x', wrong_mask=True)]),
    ('a continuation of nothing', [continuation(b'x')]), ('text that is no UTF-8', [text(b'\xff')]),
    ('a ping of 126 bytes', [ping(b'p' * 126)]), ('a message inside a message', [text(b'a', fin=False), binary(b'b')]),
]:
    leaving(f'{name} in the place of an answer ends the link', frames, answered=False)
