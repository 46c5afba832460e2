# id: FS-20
# about: asks whether host paths exist, in every way: there is the same answer for all
# expect: CONTAINED
# tier: quick
# include: probe.py
# stdin: targets
import errno, os
from probe import *
where = targets()
def answer(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
for path in (where["tree"] + "/secret", where["stream"], "/root/.bashrc", "/etc/shadow", "/run/gavel/slots/0.lock"):
    for ask in (os.stat, os.lstat, os.readlink, os.listdir, os.statvfs, lambda p: os.open(p, os.O_PATH),
                lambda p: os.open(p, os.O_RDONLY), lambda p: os.chdir(p), lambda p: os.unlink(p)):
        expect(path, answer(lambda: ask(path)), answer(lambda: ask(path + "-that-is-not-there")))
finish()
