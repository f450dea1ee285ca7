"""The application: calls everybody it knows, writes down how it went, and serves on."""
import socket
import sys
import time

for host in ("PRODUCTION4", "PRODUCTION6"):
    for kind, port in (("tcp", 25), ("tcp", 80), ("tcp", 5432), ("udp", 53)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        caller = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        caller.settimeout(3)
        try:
            caller.connect((host, port))
            if kind == "udp":
                caller.send(b"question")
                caller.recv(10)
            word = "reached"
        except ConnectionRefusedError:
            word = "refused"
        except PermissionError:
            word = "refused"
        except OSError as error:
            word = str(error)
        print(kind, port, word, flush=True)
if len(sys.argv) > 1:
    time.sleep(3600)
