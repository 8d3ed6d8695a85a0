# SPDX-License-Identifier: MIT
"""An HTTP client under six links: does it get the whole page, and in which time? As pytest tests.

    sudo pytest test_http_under_links.py        # -n 4 with pytest-xdist

A failed one leaves its packets and the summary, and prints the seed that repeats it."""

import hashlib
import http.server
import threading
import time
import urllib.request

import pytest

PAGE = bytes(range(256)) * 400  # 100 KiB
LINKS = ["datacentre", "wifi", "dsl", "lte", "3g", "satellite"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


@pytest.fixture
def address(tunnel):
    """Of a web server at end b."""
    server = tunnel.call(http.server.ThreadingHTTPServer, (tunnel.b.address, 8080), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{tunnel.b.address}:8080/"
    server.shutdown()
    server.server_close()


@pytest.mark.tunrelay(link=LINKS, capture=True)
def test_the_page_arrives_whole(tunnel, address):
    begin = time.monotonic()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    page = tunnel.call(lambda: opener.open(address, timeout=20).read())
    seconds = time.monotonic() - begin
    assert hashlib.sha256(page).digest() == hashlib.sha256(PAGE).digest()
    assert seconds < 15
    assert tunnel.report().b_to_a.read.bytes > len(PAGE), "it crossed the tunnel"
