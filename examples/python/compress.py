# SPDX-License-Identifier: MIT
"""A pair that compresses headers, the same as examples/compress.cpp: of each packet the first 40
bytes are compared with those of the packet before, and only what differs goes over the link. The
other end does the reverse.

    sudo python3 compress.py

Over the link goes: a counter (1 byte), a map of 5 bytes (a bit for each of 40 header bytes that
differs), those bytes, then the rest of the packet. A whole header follows a byte 0xfe and the
counter; a packet that is shorter, the byte 0xff. After a loss the packets that follow are dropped
until a whole header comes, at latest with every 16th packet."""

import tunrelay

HEADER_BYTES = 40
MAP_BYTES = HEADER_BYTES // 8
WHOLE_EVERY = 16
SHORT, WHOLE = 0xFF, 0xFE
COUNTER_MASK = 0x7F


class Compress(tunrelay.Endpoint):
    name = "compress"
    access = tunrelay.Access.CHANGES_WIRE_SEGMENTS

    def __init__(self, site):
        super().__init__(site)
        self.last_sent = self.last_taken = bytes(HEADER_BYTES)
        self.sent = 0
        self.taken = COUNTER_MASK  # the number that comes next; none before a whole header

    def from_device(self, frames, now_ns):
        for frame in frames:
            self.count("bytes before", len(frame))
            self.compress(frame)
            self.count("bytes on the link", len(frame))
            frame.pass_()

    def from_link(self, frames, now_ns):
        for frame in frames:
            if self.restore(frame):
                frame.pass_()
            else:
                frame.drop("header unknown")

    def compress(self, frame):
        if len(frame) < HEADER_BYTES:
            frame.replace_start(0, bytes([SHORT]))
            return
        header = bytes(frame.bytes[:HEADER_BYTES])
        number = self.sent % COUNTER_MASK
        self.sent += 1
        before, self.last_sent = self.last_sent, header
        if number % WHOLE_EVERY == 0:
            frame.replace_start(0, bytes([WHOLE, number]))
            return
        changed = [at for at in range(HEADER_BYTES) if header[at] != before[at]]
        bits = bytearray(MAP_BYTES)
        for at in changed:
            bits[at // 8] |= 1 << at % 8
        frame.replace_start(HEADER_BYTES, bytes([number, *bits, *(header[at] for at in changed)]))

    def restore(self, frame):
        """False where the packet before is not the one that the other end means."""
        data = bytes(frame.bytes)
        if data[0] == SHORT:
            frame.replace_start(1, b"")
            return True
        if data[0] == WHOLE:
            if len(data) < 2 + HEADER_BYTES:
                return False
            self.last_taken = data[2 : 2 + HEADER_BYTES]
            self.taken = data[1] + 1
            frame.replace_start(2, b"")
            return True
        if data[0] != self.taken or len(data) < 1 + MAP_BYTES:
            return False
        header = bytearray(self.last_taken)
        length = 1 + MAP_BYTES
        for at in range(HEADER_BYTES):
            if data[1 + at // 8] >> at % 8 & 1:
                if length == len(data):
                    return False
                header[at] = data[length]
                length += 1
        self.last_taken = bytes(header)
        self.taken += 1
        frame.replace_start(length, header)
        return True


def main():
    with tunrelay.Tunnel(stages=[Compress]) as tunnel:
        tunnel.run("ping -q -c 50 -i 0.01 192.168.13.2", check=True)
    counted = tunnel.report().stages[0].a.counted
    print(f"{counted['bytes before']} bytes became {counted['bytes on the link']}")


if __name__ == "__main__":
    main()
