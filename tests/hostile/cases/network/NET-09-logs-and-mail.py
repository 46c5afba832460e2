# id: NET-09
# about: logs, writes to everybody's terminal and plants jobs
# expect: CONTAINED
# tier: quick
# include: probe.py
import os, socket, subprocess, syslog
from probe import *
syslog.syslog(syslog.LOG_EMERG, "hostile")
for path in ("/var/spool/cron/crontabs/root", "/var/mail/root", "/etc/cron.d/x", "/var/spool/at/x", "/dev/pts/0", "/dev/console"):
    attempt(path, lambda: open(path, "w"))
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt("log", lambda: s.connect("/dev/log"))
finish()
