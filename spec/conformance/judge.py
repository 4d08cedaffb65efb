"""Reads what our side has sent as a peer of autobahn reads it, and prints what came of it.

One line of standard input for each connection: the extensions that autobahn has offered, or agreed
to, and all bytes of our side, in base64. One line of JSON for each on standard output.
"""

import base64
import json
import sys

from autobahn.websocket.compress_deflate import (PerMessageDeflate, PerMessageDeflateOffer, PerMessageDeflateResponse,
                                                 PerMessageDeflateResponseAccept)
from autobahn.websocket.protocol import parseHttpHeader

from frames import IS_CLIENT, Protocol, open_peer, token

#: RFC 6455 §1.3, the key and what answers it.
ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='


class Reader(Protocol):
    """Notes all that comes."""

    def __init__(self):
        super().__init__()
        self.messages, self.pongs, self.close, self.faults = [], [], None, []

    def onMessage(self, payload, isBinary):
        self.messages.append(token('binary' if isBinary else 'text', payload))

    def onPong(self, payload):
        self.pongs.append(token('pong', payload))

    def onPing(self, payload):
        self.faults.append('a ping that nothing asks for')

    def onCloseFrame(self, code, reasonRaw):
        if self.close is not None:
            self.faults.append('a second close frame')
        self.close = [1005 if code is None else code, (reasonRaw or b'').decode()]
        return super().onCloseFrame(code, reasonRaw)

    def _fail_connection(self, code=1001, reason='going away'):
        self.faults.append(reason)
        return super()._fail_connection(code, reason)


def use(reader, response):
    reader._perMessageCompress = PerMessageDeflate.create_from_response_accept(
        not IS_CLIENT, PerMessageDeflateResponseAccept(response))


def answer_faults(reader, offered, status, headers):
    """Says what is wrong with the answer of a server, and has the reader use what it agrees to."""
    if not status.startswith('HTTP/1.1 101 ') or headers.get('sec-websocket-accept') != ACCEPT:
        return [f'no 101 for this key: {status}']
    answer = headers.get('sec-websocket-extensions')
    if answer is None:
        return []
    agreed = reader._parseExtensionsHeader(answer)
    if len(agreed) != 1 or agreed[0][0] != 'permessage-deflate':
        return [f'an extension that was not offered: {answer}']
    response = PerMessageDeflateResponse.parse(agreed[0][1])
    offers = [PerMessageDeflateOffer.parse(params) for name, params in reader._parseExtensionsHeader(offered or '')
              if name == 'permessage-deflate']
    if not any(suits(offer, response) for offer in offers):
        return [f'{answer} is no answer to {offered}']
    use(reader, response)
    return []


def request_faults(reader, agreed, status, headers):
    """Says what is wrong with the request of a client, and has the reader use what was agreed on."""
    if not status.startswith('GET /') or headers.get('sec-websocket-version') != '13':
        return [f'no request for a WebSocket: {status}']
    if agreed is None:
        return []
    offers = reader._parseExtensionsHeader(headers.get('sec-websocket-extensions', ''))
    if [name for name, _ in offers] != ['permessage-deflate']:
        return [f'no offer of permessage-deflate: {offers}']
    PerMessageDeflateOffer.parse(offers[0][1])
    use(reader, PerMessageDeflateResponse.parse(reader._parseExtensionsHeader(agreed)[0][1]))
    return []


def suits(offer, response):
    """RFC 7692 §7.1: what was asked for is there, and nothing that was not allowed."""
    asked, got = offer.request_max_window_bits, response.server_max_window_bits
    return ((response.server_no_context_takeover or not offer.request_no_context_takeover) and
            (not asked or 0 < got <= asked) and
            (not response.client_max_window_bits or offer.accept_max_window_bits))


def read(extensions, data):
    reader = open_peer(Reader)
    end = data.find(b'\r\n\r\n') + 4
    status, headers, _ = parseHttpHeader(data[:end])
    faults = (answer_faults if IS_CLIENT else request_faults)(reader, extensions, status, headers)
    if not faults:
        reader._dataReceived(data[end:])
        faults = reader.faults
        if reader.data:
            faults.append(f'{len(reader.data)} bytes that are no whole frame')
        if reader.inside_message:
            faults.append('a message that does not end')
    return {'messages': reader.messages, 'pongs': reader.pongs, 'close': reader.close, 'faults': faults}


for line in sys.stdin:
    extensions, octets = json.loads(line)
    print(json.dumps(read(extensions, base64.b64decode(octets))))
