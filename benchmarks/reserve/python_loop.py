"""The same as native/reserve-loop.c, with the same arguments, by Python's socket module.

    python3 python_loop.py KIND PORTS LOCAL REMOTE FIRST LAST PREFILL COUNT EXPECT MILLISECONDS
"""

import ctypes
import errno
import gc
import json
import select
import signal
import socket
import struct
import sys
import time
import tracemalloc

# The socket module of older versions lacks most of these names.
IP_MINTTL = 21
IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51
IPV6_MINHOPCOUNT = 73
TCP_FASTOPEN_CONNECT = 30
TCP_FASTOPEN_NO_COOKIE = 34
SO_ATTACH_FILTER = 26

WATCHED_EVENTS = select.EPOLLERR | select.EPOLLHUP | select.EPOLLET | select.EPOLLONESHOT
REMOTE_PORT = 443
WARM_UP_MS = 200
REFUSED = (errno.EADDRNOTAVAIL, errno.EADDRINUSE)

# One instruction, "accept zero bytes"; the program points to it.
DROP = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
DROP_PROGRAM = struct.pack("HP", 1, ctypes.addressof(DROP))

kind, ports, local, remote = sys.argv[1:5]
first, last, prefill, count = map(int, sys.argv[5:9])
expect, milliseconds = sys.argv[9], float(sys.argv[10])
family = socket.AF_INET6 if ":" in local else socket.AF_INET
poller = select.epoll() if kind == "watched" else None


def new_socket(type, protocol=0):
    return socket.socket(family, type | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)


def drop_all(sock):
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, DROP_PROGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)


def reserve_tuple(low, high, remote_port):
    sock = new_socket(socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1)
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", low | high << 16))
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT, 255)
        sock.bind((local, 0))
        sock.connect((remote, remote_port))
        sock.getsockname()
        if poller is not None:
            poller.register(sock.fileno(), WATCHED_EVENTS)
    except OSError:
        sock.close()
        raise
    return sock


def reserve_port(low, high):
    udp = kind == "udp"
    named = low if udp and low == high else 0
    sock = new_socket(socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
    try:
        if named == 0:
            sock.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", low | high << 16))
        if udp:
            drop_all(sock)
        sock.bind((local, named))
        sock.getsockname()
    except OSError:
        sock.close()
        raise
    return sock


def reserve_echo_id(echo_id):
    sock = new_socket(socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        drop_all(sock)
        sock.bind((local, echo_id))
    except OSError:
        sock.close()
        raise
    return sock


def reserve(index):
    if kind == "echo":
        return reserve_echo_id(1 + index)
    low = first + index if ports == "named" else first
    high = last if ports == "picked" else low
    if kind in ("tcp", "udp"):
        return reserve_port(low, high)
    return reserve_tuple(low, high, 1 + index if ports == "shared" else REMOTE_PORT)


def release(sock):
    if poller is not None:
        poller.unregister(sock.fileno())
    sock.close()


def granted_pass():
    held = []
    start = time.perf_counter_ns()
    for index in range(prefill, prefill + count):
        held.append(reserve(index))
    middle = time.perf_counter_ns()
    for sock in held:
        release(sock)
    return middle - start, time.perf_counter_ns() - middle


def refused_pass():
    start = time.perf_counter_ns()
    for index in range(count):
        try:
            reserve(index % prefill)
        except OSError as error:
            if error.errno in REFUSED:
                continue
            raise
        sys.exit("was not refused")
    return time.perf_counter_ns() - start, 0


def passes_for(milliseconds):
    one_pass = refused_pass if expect == "refused" else granted_pass
    end = time.perf_counter_ns() + milliseconds * 1e6
    reserving = releasing = attempts = 0
    while True:
        reserved, released = one_pass()
        reserving += reserved
        releasing += released
        attempts += count
        if time.perf_counter_ns() >= end:
            break
    return {
        "attempts": attempts,
        "reserveMicros": reserving / 1e3 / attempts,
        "releaseMicros": releasing / 1e3 / attempts,
    }


def hold_until_told():
    held = [None] * count
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    print("ready", flush=True)
    signal.sigwait([signal.SIGUSR2])
    tracemalloc.start()
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    for index in range(count):
        held[index] = reserve(index)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    print(json.dumps({"userBytes": (after - before) / count}))
    print("held", flush=True)
    signal.pause()


if expect == "held":
    hold_until_told()
else:
    always_held = [reserve(index) for index in range(prefill)]
    passes_for(WARM_UP_MS)
    print(json.dumps(passes_for(milliseconds)))
