"""
A Redis that lies: it stands on a socket of its own before the real one,
understands RESP, and lets a test change what passes.
"""
import contextlib
import os
import socket
import threading

import resp


class Proxy:
    """
    change(reply, words) gets each value that Redis sends and the command
    that it answers (None for a push or a further value) and returns what the
    client shall see. Commands pass unchanged. The socket belongs to a thread
    for each connection; close() ends them all.
    """

    def __init__(self, folder, target, change, name="proxy.sock"):
        self.path = os.path.join(folder, name)
        self.target, self.change = str(target), change
        self.sockets, self.threads = [], []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self.listener.listen(64)
        self._run(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"unix://{self.path}"

    def _run(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.serve(client)

    def serve(self, client):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(self.target)
        self.sockets += [client, server]
        asked = []
        self._run(self._commands, client, server, asked)
        self._run(self._replies, server, client, asked)

    def _commands(self, client, server, asked):
        self._pump(client, server, lambda words: asked.append(words) or words)

    def _replies(self, server, client, asked):
        self._pump(server, client, lambda reply: self._answer(reply, asked))

    def _answer(self, reply, asked):
        pushed = isinstance(reply, list) and reply and reply[0] in (
            b"message", b"subscribe", b"unsubscribe", b"pmessage")
        words = asked.pop(0) if asked and not (
            pushed and reply[0] in (b"message", b"pmessage")) else None
        return self.change(reply, words)

    @staticmethod
    def _pump(source, sink, function):
        data = bytearray()
        with contextlib.suppress(OSError):
            while True:
                more = source.recv(1 << 18)
                if not more:
                    break
                data += more
                with contextlib.suppress(resp.Incomplete):
                    while data:
                        value, used = resp.parse(data)
                        del data[:used]
                        value = function(value)
                        if value is not DROP:
                            sink.sendall(resp.encode(value))
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self.threads:
            thread.join(10)


DROP = object()


class Hostile(Proxy):
    """
    The first connections get these bytes in answer to whatever they send,
    over and over where endless; later ones reach the real Redis.
    """

    def __init__(self, folder, target, answer, times, endless=b""):
        self.answer, self.times, self.endless = answer, times, endless
        self.served = 0
        super().__init__(folder, target, lambda reply, words: reply,
                         "hostile.sock")

    def serve(self, client):
        self.served += 1
        if self.served > self.times:
            super().serve(client)
            return
        self.sockets.append(client)
        self._run(self._poison, client)

    def _poison(self, client):
        with contextlib.suppress(OSError):
            client.recv(65536)
            client.sendall(self.answer)
            while self.endless:
                client.sendall(self.endless)
            while client.recv(65536):
                pass
