# SPDX-License-Identifier: MIT
"""A link layer with stop-and-wait ARQ, the same as examples/arq.cpp: a frame stays at its sender
until the other end has acknowledged it, and is sent again when no answer comes in time. So nothing
is lost over a link that loses.

    sudo python3 arq.py 'loss 20%'

Over the link goes: kind (1 byte: data or acknowledgement), number (1 byte), then the packet. The
number alternates between 0 and 1: with one frame under way that distinguishes an old one from a new
one, where the link keeps the order."""

import collections
import sys

import tunrelay

DATA, ACKNOWLEDGEMENT = b"D"[0], b"A"[0]


class Arq(tunrelay.Endpoint):
    name = "arq"
    access = tunrelay.Access.CHANGES_WIRE_SEGMENTS

    def __init__(self, site, timeout_ms=5, queue=1000):
        super().__init__(site)
        self.timeout_ns = timeout_ms * 1_000_000
        self.most_queued = queue
        self.queue = collections.deque()  # the first one is under way, the others wait
        self.under_way = False
        self.deadline_ns = tunrelay.NEVER
        self.next_to_send = self.next_to_take = 0

    def from_device(self, frames, now_ns):
        for frame in frames:
            if len(self.queue) < self.most_queued:
                self.queue.append(frame.hold())
            else:
                frame.drop("queue full")
        if not self.under_way:
            self.send_first(now_ns)

    def from_link(self, frames, now_ns):
        for frame in frames:
            if len(frame) < 2:
                frame.drop("too short")
                continue
            kind, number = frame.bytes[:2]
            if kind == ACKNOWLEDGEMENT:
                self.take_acknowledgement(frame, number, now_ns)
            else:
                self.take_data(frame, number)

    def take_acknowledgement(self, frame, number, now_ns):
        frame.finish()
        if not self.under_way or number != self.next_to_send:
            return  # of a frame that was sent again
        self.queue.popleft().finish()
        self.under_way = False
        self.next_to_send ^= 1
        self.send_first(now_ns)

    def take_data(self, frame, number):
        # It may be there already, its acknowledgement lost: acknowledge again, and hand on once.
        self.send_to_link(bytes([ACKNOWLEDGEMENT, number]))
        if number != self.next_to_take:
            frame.finish()
            return
        self.next_to_take ^= 1
        frame.replace_start(2, b"")
        frame.pass_()

    def next_deadline_ns(self):
        return self.deadline_ns if self.under_way else tunrelay.NEVER

    def at_deadline(self, now_ns):
        self.count("sent again")
        self.send_first(now_ns)

    def send_first(self, now_ns):
        if self.queue:
            self.under_way = True
            self.deadline_ns = now_ns + self.timeout_ns
            self.send_to_link(bytes([DATA, self.next_to_send]) + self.queue[0].bytes)


def main(link="loss 20%"):
    with tunrelay.Tunnel(stages=[Arq], a_to_b=link, b_to_a=link) as tunnel:
        tunnel.run("ping -c 20 -i 0.05 192.168.13.2", check=True)
    print(tunnel.summary())


if __name__ == "__main__":
    main(*sys.argv[1:])
