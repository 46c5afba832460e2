# id: NET-05
# about: reaches for sockets of the host by their paths
# expect: CONTAINED
# tier: quick
# include: probe.py
# stdin: targets
import glob, socket
from probe import *
where = targets()
paths = [where["stream"], where["datagrams"], "/run/docker.sock", "/var/run/docker.sock", "/dev/log", "/run/systemd/notify",
         "/run/systemd/journal/socket", "/var/run/nscd/socket", "/run/dbus/system_bus_socket", "/run/postgresql/.s.PGSQL.5432",
         "/tmp/.s.PGSQL.5432", "/run/containerd/containerd.sock"]
for path in paths + glob.glob("/tmp/*"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(socket.AF_UNIX, kind)
        attempt(path, lambda: s.connect(path))
        attempt(path, lambda: s.sendto(b"x", path))
finish()
