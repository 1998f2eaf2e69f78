"""A network that a test can slow down, cut, and stop at a chosen message, between clients and a broker of kafka_broker.py.

    network = Network()
    with Broker(folder, properties=network.properties()) as broker, network:
        … network.address … network.cut(); network.mend()

The broker advertises the network's address to those who come through it, so that all their traffic goes this way; whoever uses
broker.address goes past it.
"""

import contextlib
import socket
import struct
import threading
import time

from kafka_broker import free_ports

PRODUCE, SYNC_GROUP = 0, 14
ADD_PARTITIONS_TO_TXN, ADD_OFFSETS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT = 24, 25, 26, 28


class Network:
    def __init__(self):
        self.port, self.target = free_ports(2)
        self.delay_s = 0.0  # of each piece, in each direction
        self.piece_bytes = 65536
        self.on_request = None  # told the API's number before a request goes on
        self.on_response = None  # told the API's number of the request before its answer goes on
        self.counts = {}
        self.flowing = threading.Event()
        self.flowing.set()
        self.refusing = False
        self.ended = False
        self.lock = threading.Lock()
        self.open = set()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def properties(self):
        return {"listeners": f"PLAINTEXT://@HOST@:@PORT@,CONTROLLER://@HOST@:@CONTROLLER_PORT@,NETWORK://@HOST@:{self.target}",
                "advertised.listeners": f"PLAINTEXT://@HOST@:@PORT@,NETWORK://@HOST@:{self.port}",
                "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,NETWORK:PLAINTEXT"}

    def __enter__(self):
        self.server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.flowing.set()
        self.server.close()
        self.cut()

    def cut(self):
        """Every connection breaks, and no new one is taken."""
        self.refusing = True
        with self.lock:
            sockets, self.open = self.open, set()
        for each in sockets:
            self._close(each)

    def stall(self):
        """Nothing comes through, and nobody is told."""
        self.flowing.clear()

    def mend(self):
        self.refusing = False
        self.flowing.set()

    @staticmethod
    def _close(each):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()

    def _accept(self):
        while not self.ended:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            if self.refusing:
                self._close(client)
                continue
            try:
                broker = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            except OSError:
                self._close(client)
                continue
            broker.settimeout(None)
            for each in (client, broker):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open |= {client, broker}
            asked = {}
            threading.Thread(target=self._pump, args=(client, broker, self._request, asked), daemon=True).start()
            threading.Thread(target=self._pump, args=(broker, client, self._response, asked), daemon=True).start()

    def _request(self, head, asked):
        api, _, correlation = struct.unpack_from(">hhi", head)
        asked[correlation] = api
        self.counts[api] = self.counts.get(api, 0) + 1
        if self.on_request:
            self.on_request(api)

    def _response(self, head, asked):
        api = asked.pop(struct.unpack_from(">i", head)[0], -1)
        if self.on_response:
            self.on_response(api)

    def _pump(self, source, target, told, asked):
        stream = source.makefile("rb")
        try:
            while size := stream.read(4):
                left = struct.unpack(">i", size)[0]
                piece = stream.read(min(left, self.piece_bytes))
                told(piece, asked)
                piece, left = size + piece, left - len(piece)
                while True:
                    if self.delay_s:
                        time.sleep(self.delay_s)
                    self.flowing.wait()
                    target.sendall(piece)
                    if left <= 0:
                        break
                    piece = stream.read(min(left, self.piece_bytes))
                    if not piece:
                        return
                    left -= len(piece)
        except (OSError, ValueError, struct.error):
            pass
        finally:
            with self.lock:
                self.open -= {source, target}
            for each in (source, target):
                self._close(each)
