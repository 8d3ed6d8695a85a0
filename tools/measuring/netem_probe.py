# SPDX-License-Identifier: MIT
"""The load of tools/compare-netem: UDP datagrams with a number and the time at which they were sent,
and what a capture at the other end saw of them."""

import ctypes
import os
import random
import socket
import struct
import time
from dataclasses import dataclass

import numpy

from measuring.process import Failed

PORT = 5213
PAYLOAD = struct.Struct("<QQ")  # number, CLOCK_REALTIME in ns
UDP_HEADERS_BYTES = 28
ETHERNET_BYTES = 14
PCAP_HEAD_BYTES = 24
CLONE_NEWNET = 0x40000000  # of setns(2)


@dataclass(frozen=True)
class Load:
    packets: int
    per_s: int
    payload_bytes: int = 100
    seed: int | None = None  # of a Poisson process; without one they are evenly spaced

    @property
    def seconds(self):
        return self.packets / self.per_s

    @property
    def ip_bytes(self):
        return self.payload_bytes + UDP_HEADERS_BYTES


def send_from(namespace, address, load):
    """send() from a named network namespace: in a process of its own, since a namespace is
    entered for good. It is forked: an emulated machine needs seconds to start another Python."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            enter = ctypes.CDLL(None, use_errno=True).setns
            with open(f"/run/netns/{namespace}", "rb") as file:
                if enter(file.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {namespace}")
            send(address, load)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise Failed(f"the sender in {namespace} ended with {status}")


def send(address, load):
    """The times are fixed beforehand; what is late is sent at once."""
    rest = bytes(load.payload_bytes - PAYLOAD.size)
    chance = random.Random(load.seed)
    target = (address, PORT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        due = time.monotonic()
        for number in range(load.packets):
            due += 1 / load.per_s if load.seed is None else chance.expovariate(load.per_s)
            early = due - time.monotonic()
            if early > 0:
                time.sleep(early)
            sender.sendto(PAYLOAD.pack(number, time.clock_gettime_ns(time.CLOCK_REALTIME)) + rest,
                          target)


def read_frames(path, bytes_a_frame):
    """(times in ns, bytes) of a capture whose frames all are of that length: two arrays."""
    record = numpy.dtype([("s", "<u4"), ("ns", "<u4"), ("kept", "<u4"), ("length", "<u4"),
                          ("frame", "u1", (bytes_a_frame,))])
    with open(path, "rb") as file:
        content = file.read()[PCAP_HEAD_BYTES:]
    records = numpy.frombuffer(content[:len(content) // record.itemsize * record.itemsize], record)
    if len(content) % record.itemsize or (records["kept"] != bytes_a_frame).any():
        raise ValueError(f"{path}: not all frames have {bytes_a_frame} bytes")
    return records["s"].astype("i8") * 1_000_000_000 + records["ns"], records["frame"]


def _sums(words):
    """The ones' complement sum of each row of 16-bit words, big-endian."""
    total = words.astype("u8").sum(axis=1)
    for _ in range(2):
        total = (total & 0xffff) + (total >> 16)
    return total


def damaged(frames, load):
    """Which of FRAMES, each an IP packet of LOAD with what stands before it, have flipped bits: by
    their checksums, and by what the most have before it."""
    head = frames.shape[1] - load.ip_bytes
    packets = frames[:, head:]
    if load.ip_bytes % 2:
        packets = numpy.pad(packets, ((0, 0), (0, 1)))
    words = numpy.ascontiguousarray(packets).view(">u2")
    udp = words[:, 6:].astype("u8")  # from the addresses on
    # The pseudo-header: protocol and length.
    udp[:, 0] += 17 + load.payload_bytes + 8
    wrong = (_sums(words[:, :10]) != 0xffff) | (_sums(udp) != 0xffff)
    if head:
        usual = numpy.median(frames[:, :head], axis=0).astype("u1")
        wrong |= (frames[:, :head] != usual).any(axis=1)
    return wrong


def observe(path, load, frame_head_bytes):
    """{"number", "delay_ns", "arrival_ns", "damaged"}: an entry a packet that arrived, in order."""
    times, frames = read_frames(path, load.ip_bytes + frame_head_bytes)
    at = frame_head_bytes + UDP_HEADERS_BYTES
    payload = numpy.ascontiguousarray(frames[:, at:at + PAYLOAD.size]).view("<u8")
    return {"number": payload[:, 0], "delay_ns": times - payload[:, 1].astype("i8"),
            "arrival_ns": times, "damaged": damaged(frames, load)}

