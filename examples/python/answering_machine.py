# SPDX-License-Identifier: MIT
"""A scapy answering machine as the far host: what device a sends to addresses that nobody has is
answered by Python, at the other end of a link with a delay.

    sudo python3 answering_machine.py

Device b's side of the link needs no kernel: the endpoint there takes all frames, and what scapy
makes of them goes back over the link."""

import tunrelay
from scapy.layers.dns import DNS, DNSRR
from scapy.layers.inet import ICMP, IP, UDP

NAME_SERVER = "192.168.13.53"  # of the tunnel's prefix; it exists in Python alone


class FarHost(tunrelay.Endpoint):
    # Its answers are made by checks of their own: any form may go over the link.
    access = tunrelay.Access.CHANGES_WIRE_SEGMENTS

    def from_link(self, frames, now_ns):
        for frame in frames:
            answer = self.answer(frame.scapy()) if self.site.end == "b" else None
            if answer is None:
                frame.pass_()
            else:
                self.count("answered")
                self.send_to_link(answer)
                frame.finish()

    def answer(self, packet):
        """The answer, or None where the packet is not for us."""
        if packet.dst != NAME_SERVER:
            return None
        back = IP(src=packet.dst, dst=packet.src)
        if ICMP in packet and packet[ICMP].type == 8:
            return back / ICMP(type=0, id=packet[ICMP].id, seq=packet[ICMP].seq) / packet[ICMP].payload
        if UDP in packet and packet[UDP].dport == 53 and DNS in packet:
            question = packet[DNS].qd
            return (back / UDP(sport=53, dport=packet[UDP].sport) /
                    DNS(id=packet[DNS].id, qr=1, qd=question,
                        an=DNSRR(rrname=question.qname, rdata="192.0.2.7")))
        return None


def ask(server):
    """The address of www.example.org, by a resolver of two lines."""
    import socket

    from scapy.layers.dns import DNSQR

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        asking.sendto(bytes(DNS(id=7, qd=DNSQR(qname="www.example.org"))), (server, 53))
        return DNS(asking.recv(1500)).an.rdata


def main():
    with tunrelay.Tunnel(stages=[FarHost], a_to_b="delay 20ms") as tunnel:
        tunnel.run(["ip", "route", "replace", NAME_SERVER, "dev", "tun0", "src", tunnel.a.address],
                   check=True)
        tunnel.run(["ping", "-n", "-c", "2", "-i", "0.1", "-W", "1", NAME_SERVER], check=True)
        print("www.example.org has", tunnel.call(ask, NAME_SERVER))
    print(tunnel.report().stages[0].b.counted)


if __name__ == "__main__":
    main()
