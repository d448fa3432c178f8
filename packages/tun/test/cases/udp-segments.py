# Sends datagrams to PEER, of whom the reader of the device makes HOST, and prints what arrives there as JSON.
# One call of send(2) hands the kernel `SEGMENTS` datagrams of `BYTES` (the last of each call is shorter), which it
# cuts itself (UDP_SEGMENT, Linux 4.18).
#
# python3 udp-segments.py HOST PEER CALLS SEGMENTS BYTES
import json, socket, sys

host, peer = sys.argv[1:3]
calls, segments, size = map(int, sys.argv[3:6])
family = socket.AF_INET6 if ':' in host else socket.AF_INET
UDP_SEGMENT = 103

receiver = socket.socket(family, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
receiver.bind((host, 0))
receiver.settimeout(5)
sender = socket.socket(family, socket.SOCK_DGRAM)
sender.bind((host, 0))
sender.connect((peer, receiver.getsockname()[1]))
sender.setsockopt(socket.SOL_UDP if hasattr(socket, 'SOL_UDP') else 17, UDP_SEGMENT, size)

intact = True
received = 0
for call in range(calls):
    # Each datagram begins with its number; the rest is a pattern of it.
    datagrams = []
    for segment in range(segments):
        number = call * segments + segment
        length = size if segment < segments - 1 else size // 2
        datagrams.append(number.to_bytes(4, 'big') + bytes([number % 251]) * (length - 4))
    sender.send(b''.join(datagrams))
    # Call by call, so that no buffer on the way has to hold more than one.
    for datagram in datagrams:
        try:
            data = receiver.recv(65535)
        except socket.timeout:
            intact = False
            break
        received += 1
        intact = intact and data == datagram
print(json.dumps({'received': received, 'intact': intact}))
