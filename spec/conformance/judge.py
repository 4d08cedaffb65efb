"""Reads what a server has sent as a client of autobahn reads it, and prints what came of it.

One line of standard input for each connection: the extensions that the client has offered, and the
server's bytes from the 101 on, in base64. One line of JSON for each on standard output.
"""

import base64
import json
import sys

from autobahn.asyncio.websocket import WebSocketClientProtocol
from autobahn.websocket.compress_deflate import (PerMessageDeflate, PerMessageDeflateOffer, PerMessageDeflateResponse,
                                                 PerMessageDeflateResponseAccept)
from autobahn.websocket.protocol import parseHttpHeader

from frames import open_client, token

#: RFC 6455 §1.3, the key and what answers it.
ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='


class Reader(WebSocketClientProtocol):
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


def extension_faults(reader, offered, answer):
    """Says what is wrong with the extensions of an answer, and has the reader use them."""
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
    accept = PerMessageDeflateResponseAccept(response)
    reader._perMessageCompress = PerMessageDeflate.create_from_response_accept(False, accept)
    return []


def suits(offer, response):
    """RFC 7692 §7.1: what was asked for is there, and nothing that was not allowed."""
    asked, got = offer.request_max_window_bits, response.server_max_window_bits
    return ((response.server_no_context_takeover or not offer.request_no_context_takeover) and
            (not asked or 0 < got <= asked) and
            (not response.client_max_window_bits or offer.accept_max_window_bits))


def read(offered, data):
    reader = open_client(Reader)
    end = data.find(b'\r\n\r\n') + 4
    status, headers, _ = parseHttpHeader(data[:end])
    if not status.startswith('HTTP/1.1 101 ') or headers.get('sec-websocket-accept') != ACCEPT:
        return {'faults': [f'no 101 for this key: {status}']}
    answer = headers.get('sec-websocket-extensions')
    faults = extension_faults(reader, offered, answer)
    if not faults:
        reader._dataReceived(data[end:])
        faults = reader.faults
        if reader.data:
            faults.append(f'{len(reader.data)} bytes that are no whole frame')
        if reader.inside_message:
            faults.append('a message that does not end')
    return {'extensions': answer, 'messages': reader.messages, 'pongs': reader.pongs, 'close': reader.close,
            'faults': faults}


for line in sys.stdin:
    offered, octets = json.loads(line)
    print(json.dumps(read(offered, base64.b64decode(octets))))
