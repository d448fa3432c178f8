"""Sends packets that nobody's network stack would send. Each line of the input is one, as JSON; prints "sent N" after
the Nth.

{"kind": "icmp", "type": 3, "code": 1, "from": A, "to": B, "ttl": 64, "quoted": {TCP as below}}
{"kind": "tcp", "flags": "R", "seq": 0, "ack": 0, "from": A, "fromPort": 443, "to": B, "toPort": 9005, "ttl": 255}
"""

import ipaddress
import json
import socket
import struct
import sys

FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ends(packet):
    return ipaddress.ip_address(packet["from"]), ipaddress.ip_address(packet["to"])


def pseudo_header(packet, protocol, length):
    source, target = ends(packet)
    if source.version == 4:
        return source.packed + target.packed + struct.pack("!BBH", 0, protocol, length)
    return source.packed + target.packed + struct.pack("!IHBB", length, 0, 0, protocol)


def with_ip(packet, protocol, payload):
    source, target = ends(packet)
    if source.version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, packet["ttl"])
        return head + source.packed + target.packed + payload
    def head(check):
        length = 20 + len(payload)
        fields = struct.pack("!BBHHHBBH", 0x45, 0, length, 1, 0, packet["ttl"], protocol, check)
        return fields + source.packed + target.packed
    return head(checksum(head(0))) + payload


def tcp(packet):
    def segment(check):
        flags = sum(FLAGS[letter] for letter in packet["flags"])
        return struct.pack(
            "!HHIIBBHHH",
            packet["fromPort"], packet["toPort"], packet["seq"], packet["ack"], 5 << 4, flags, 65535, check, 0,
        )
    return with_ip(packet, 6, segment(checksum(pseudo_header(packet, 6, 20) + segment(0))))


def icmp(packet):
    quoted = tcp(packet["quoted"])
    def message(check):
        return struct.pack("!BBHI", packet["type"], packet["code"], check, 0) + quoted
    if ends(packet)[0].version == 4:
        return with_ip(packet, 1, message(checksum(message(0))))
    header = pseudo_header(packet, 58, 8 + len(quoted))
    return with_ip(packet, 58, message(checksum(header + message(0))))


for number, line in enumerate(sys.stdin, 1):
    packet = json.loads(line)
    family = socket.AF_INET if ends(packet)[0].version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto({"icmp": icmp, "tcp": tcp}[packet["kind"]](packet), (packet["to"], 0))
    print("sent", number, flush=True)
