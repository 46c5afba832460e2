# Tells what a process in a box sees of itself, then becomes a program that waits to be looked at from outside: see
# posture.rs. It runs in the box, with the limits of any other program.
import ctypes, os, resource, signal, socket
def tell(name, value): print(name + ': ' + str(value), flush=True)
def attempt(name, action):
    try: action(); tell(name, 'allowed')
    except OSError as error: tell(name, os.strerror(error.errno))
status = dict(line.rstrip('\n').split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
for field in 'Umask Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp SigBlk SigPnd'.split():
    tell(field, ' '.join(status[field].split()))
tell('uid_map', [line.split()[::2] for line in open('/proc/self/uid_map')])
tell('gid_map', [line.split()[::2] for line in open('/proc/self/gid_map')])
tell('pid, parent, group, session', (os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0)))
tell('nice, scheduler', (os.nice(0), os.sched_getscheduler(0)))
tell('cpus', len(os.sched_getaffinity(0)))
libc = ctypes.CDLL(None, use_errno=True)
tell('dumpable', libc.prctl(3, 0, 0, 0, 0))
tell('oom_score_adj', open('/proc/self/oom_score_adj').read().strip())
tell('cgroups', sorted({line.rstrip('\n').split(':', 2)[2] for line in open('/proc/self/cgroup')}))
tell('directory', os.getcwd())
tell('environment', open('/proc/self/environ').read().split('\0')[:-1])
tell('host name', socket.gethostname())
tell('descriptors', [fd for fd in map(int, os.listdir('/proc/self/fd')) if os.path.exists('/proc/self/fd/%d' % fd)])
tell('root', sorted(name for name in os.listdir('/') if not name.startswith('lib')))
tell('dev', sorted(os.listdir('/dev')))
tell('proc', 'masked' if os.path.exists('/proc/meminfo') else 'processes only')
tell('network devices', sorted(line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line) if os.path.exists('/proc/net/dev') else 'unseen')
def tells(path):
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        return len(os.read(file, 1)) > 0
    except OSError: return False
tell('system-wide files that tell something', [path for path in (
    '/proc/' + name for name in ('kcore', 'keys', 'key-users', 'kmsg', 'kallsyms', 'latency_stats', 'locks',
    'sched_debug', 'sysrq-trigger', 'timer_list')) if tells(path)])
os.mkfifo('/box/gate')
os.chmod('/box/gate', 0o666)
attempt('write to /', lambda: open('/file', 'w'))
attempt('write to /usr', lambda: open('/usr/file', 'w'))
attempt('write to /etc/passwd', lambda: open('/etc/passwd', 'a'))
attempt('make a device', lambda: os.mknod('/box/device', 0o20666, os.makedev(1, 3)))
attempt('internet socket', lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
attempt('netlink socket', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt('AF_ALG socket', lambda: socket.socket(38, socket.SOCK_SEQPACKET))
def system_call(number, *arguments):
    if libc.syscall(number, *arguments) == -1: raise OSError(ctypes.get_errno(), '')
attempt('new user namespace', lambda: system_call(272, 0x10000000))
attempt('io_uring', lambda: system_call(425, 1, 0))
attempt('new mount context', lambda: system_call(430, b'tmpfs', 0))
attempt('bpf', lambda: system_call(321, 0, 0, 0))
attempt('signal to init', lambda: os.kill(1, signal.SIGKILL))
def landlock_layers():
    # A process can have 16 layers. How many of its own still fit tells how many it has already.
    receiving, sending = os.pipe()
    if os.fork() == 0:
        handled, layers = ctypes.c_uint64(1), 0
        ruleset = libc.syscall(444, ctypes.byref(handled), 8, 0)
        while libc.syscall(446, ruleset, 0) == 0: layers += 1
        os.write(sending, b'%d' % layers)
        os._exit(0)
    os.wait()
    return 16 - int(os.read(receiving, 10))
tell('Landlock layers', landlock_layers())
def execute_copy(directory):
    copy = directory + '/copy'
    with open('/bin/true', 'rb') as program, open(copy, 'wb') as file: file.write(program.read())
    os.chmod(copy, 0o755)
    child = os.fork()
    if child == 0:
        try: os.execv(copy, [copy])
        except OSError as error: os._exit(error.errno)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0: raise OSError(code, '')
for directory in ('/box', '/tmp', '/dev/shm'):
    attempt('execute from ' + directory, lambda: execute_copy(directory))
for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT): signal.signal(number, signal.SIG_DFL)
os.execv('/bin/cat', ['cat', '/box/gate'])
