"""Ports on loopback, below those that the system gives to whoever connects."""
import random
import socket


def pair():
    """A UDP and a TCP socket bound to one port of 127.0.0.1."""
    for _ in range(1000):
        port = random.randrange(10000, 32000)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
            return udp, tcp
        except OSError:
            udp.close()
            tcp.close()
    raise OSError("no port is free")


def free():
    """A port that nobody has, neither for UDP nor for TCP."""
    udp, tcp = pair()
    with udp, tcp:
        return udp.getsockname()[1]
