"""Production: writes down whoever calls, as `tcp PORT` or `udp PORT` lines."""
import selectors
import socket

selector = selectors.DefaultSelector()
for port in (25, 80, 587, 5432, 8080, 9999):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    selector.register(server, selectors.EVENT_READ, ("tcp", port))
for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    datagrams.bind((address, 53))
    selector.register(datagrams, selectors.EVENT_READ, ("udp", 53))
open("/var/heard", "w").close()
with open("/var/listening", "w") as ready:
    ready.write("yes\n")
while True:
    for key, _ in selector.select():
        kind, port = key.data
        if kind == "tcp":
            key.fileobj.accept()[0].close()
        else:
            key.fileobj.sendto(b"answer", key.fileobj.recvfrom(512)[1])
        with open("/var/heard", "a") as heard:
            heard.write("%s %d\n" % (kind, port))
