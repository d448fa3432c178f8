"""The sockets of programs that know nothing of reservations. Each line of the input is JSON: {"open": actor, "ends": ...,
"to": "same" or "other", "hold": whether a connection is waited for}, or {"close": true}, which closes them all. The answer
to each is a line: "allowed", or the error and the call that gave it.
"""

import errno
import json
import select
import socket
import struct
import sys

IP_LOCAL_PORT_RANGE = 51
SYSCTL = "/proc/sys/net/ipv4/ip_local_port_range"

sockets = []


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def opened(address, kind=socket.SOCK_STREAM, protocol=0, reuse=False):
    family = family_of(address)
    made = socket.socket(family, kind, protocol)
    sockets.append(made)
    made.setblocking(False)
    if protocol == 0 and family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    # Ping sockets are born with it.
    if reuse:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def bind(made, address, port):
    calling("bind", made.bind, (address, port))
    return made


def connect(made, ends, to, hold):
    # Judges connect(2) alone: where two sockets have one four-tuple, the handshake may not come to its end.
    try:
        calling("connect", made.connect, (ends["origin"], 443 if to == "same" else 444))
    except BlockingIOError:
        pass
    if hold:
        _, writable, _ = select.select([], [made], [], 5)
        assert writable, "the origin does not answer"
    # Closed by RST, so that no TIME-WAIT stays behind.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def picking_connect(ends, to, hold):
    """In a namespace where the kernel can pick only this port."""
    with open(SYSCTL) as file:
        before = file.read()
    try:
        with open(SYSCTL, "w") as file:
            file.write(f"{ends['port']} {ends['port']}")
        connect(opened(ends["origin"]), ends, to, hold)
    finally:
        with open(SYSCTL, "w") as file:
            file.write(before)


def bound(address, reuse, kind=socket.SOCK_STREAM):
    return lambda ends, *_: bind(opened(ends[address], kind, reuse=reuse), ends[address], ends["port"])


def connect_named(reuse):
    return lambda ends, to, hold: connect(bound("address", reuse)(ends), ends, to, hold)


def listen(ends, *_):
    calling("listen", bound("address", True)(ends).listen)


def listen_everywhere(ends, *_):
    made = opened("::", reuse=True)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    calling("listen", bind(made, "::", ends["port"]).listen)


def udp_picking(ends, *_):
    made = opened(ends["address"], socket.SOCK_DGRAM)
    made.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", ends["port"] << 16 | ends["port"]))
    bind(made, ends["address"], 0)


def ping_socket(ends, *_):
    v6 = family_of(ends["address"]) == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    bind(opened(ends["address"], socket.SOCK_DGRAM, protocol), ends["address"], ends["port"])


actors = {
    "bind": bound("address", False),
    "bind reuse": bound("address", True),
    "bind wildcard": bound("wildcard", False),
    "bind wildcard reuse": bound("wildcard", True),
    "bind second": bound("second", False),
    "bind second reuse": bound("second", True),
    "listen": listen,
    "listen everywhere": listen_everywhere,
    "connect": picking_connect,
    "connect named": connect_named(False),
    "connect named reuse": connect_named(True),
    "UDP bind": bound("address", False, socket.SOCK_DGRAM),
    "UDP bind reuse": bound("address", True, socket.SOCK_DGRAM),
    "UDP wildcard reuse": bound("wildcard", True, socket.SOCK_DGRAM),
    "UDP picking": udp_picking,
    "ping socket": ping_socket,
}


class Refused(Exception):
    pass


def calling(name, function, *arguments):
    try:
        return function(*arguments)
    except BlockingIOError:
        raise
    except OSError as error:
        raise Refused(f"{errno.errorcode[error.errno]} {name}") from error


def answer(line):
    if "close" in line:
        while sockets:
            sockets.pop().close()
        return "closed"
    try:
        actors[line["open"]](line["ends"], line["to"], line["hold"])
        return "allowed"
    except Refused as refused:
        return str(refused)


for text in sys.stdin:
    print(answer(json.loads(text)), flush=True)
