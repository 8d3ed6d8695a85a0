# SPDX-License-Identifier: MIT
"""Files of packets: enough of pcap to write one, and of pcapng to read what tunrelay writes."""

from __future__ import annotations

import dataclasses
import struct
from typing import Iterator, List, Sequence, Union

from ._options import Text

_NANOSECOND_PCAP = 0xA1B23C4D
_LINKTYPE_ETHERNET, _LINKTYPE_RAW = 1, 101
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_TIME_RESOLUTION = 9


@dataclasses.dataclass(frozen=True)
class Packet:
    """data: an IP packet, or an Ethernet frame; time_ns: since 1970, or any origin; interface: its
    number in the file."""

    data: bytes
    time_ns: int = 0
    interface: int = 0


def write_packets(path: Text, packets: Sequence[Union[Packet, bytes]]) -> None:
    """A pcap file of PACKETS: what begins as an IP packet does is one, all else Ethernet. Plain
    bytes are a millisecond apart."""
    whole = [packet if isinstance(packet, Packet) else Packet(bytes(packet), at * 1_000_000)
             for at, packet in enumerate(packets)]
    is_ip = all(packet.data[:1] and packet.data[0] >> 4 in (4, 6) for packet in whole)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", _NANOSECOND_PCAP, 2, 4, 0, 0, 1 << 18,
                               _LINKTYPE_RAW if is_ip else _LINKTYPE_ETHERNET))
        for packet in whole:
            seconds, nanoseconds = divmod(packet.time_ns, 1_000_000_000)
            size = len(packet.data)
            file.write(struct.pack("<IIII", seconds, nanoseconds, size, size) + packet.data)


def _options(body: bytes) -> Iterator[tuple]:
    at = 0
    while at + 4 <= len(body):
        code, size = struct.unpack_from("<HH", body, at)
        if code == 0:
            return
        yield code, body[at + 4 : at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


def read_packets(path: Text) -> List[Packet]:
    """The packets of a pcapng file of this machine's byte order, as captures and replays write it.
    Raises ValueError for another file."""
    with open(path, "rb") as file:
        text = file.read()
    if len(text) < 12 or struct.unpack_from("<I", text)[0] != _SECTION:
        raise ValueError(f"{path} is not a pcapng file of this byte order")
    packets: List[Packet] = []
    ticks_per_s: List[int] = []
    at = 0
    while at + 12 <= len(text):
        kind, size = struct.unpack_from("<II", text, at)
        body = text[at + 8 : at + size - 4]
        if kind == _SECTION:
            ticks_per_s.clear()
        elif kind == _INTERFACE:
            resolution = next((v[0] for c, v in _options(body[8:]) if c == _TIME_RESOLUTION), 6)
            ticks_per_s.append(2 ** (resolution & 127) if resolution & 128 else 10**resolution)
        elif kind == _PACKET:
            interface, high, low, kept, _ = struct.unpack_from("<IIIII", body)
            ticks = high << 32 | low
            packets.append(Packet(body[20 : 20 + kept],
                                  ticks * 1_000_000_000 // ticks_per_s[interface], interface))
        at += size
    return packets
