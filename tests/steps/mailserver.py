"""A mail server on loopback that answers a letter's addressee as a test says (RFC 5321)."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

GREETED, GO_ON, TAKEN = b"220 here\r\n", b"354 go on\r\n", b"250 so be it\r\n"


@contextmanager
def refusing(answer: str) -> Iterator[int]:
    """The port of a server that answers RCPT TO with this line."""

    class Refusal(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(GREETED)
            for line in self.rfile:
                verb = line[:4].upper()
                if verb == b"QUIT":
                    return
                self.wfile.write(f"{answer}\r\n".encode() if verb == b"RCPT" else GO_ON if verb == b"DATA" else TAKEN)

    with socketserver.TCPServer(("127.0.0.1", 0), Refusal) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()
