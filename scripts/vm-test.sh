#!/bin/sh
# Runs the tests of the sandbox and the quick hostile cases on pure control groups v2: in a small virtual machine under software emulation, with Debian's
# cloud kernel and this machine's root shared into it read-only. Those of the sandbox three times: where the root group is
# ours, in a group of its own that it takes for the root as in a container, and in a group that was delegated as by
# systemd. Boxes of an ordinary user, in a group that is his and in none, are among the first.
# Usage: scripts/vm-test.sh SANDBOX-TEST-BINARY HOSTILE-TEST-BINARY
# `scripts/setup.sh --vm` installs what it needs.
set -eu

work=${VM_DIR:-target/vm}
# On a machine of usual speed it is done in less than ten minutes; a slow one is given more.
timeout_seconds=${VM_TIMEOUT_SECONDS:-900}
# Which tests are run again in the other two groups: those that control groups matter to.
about_groups='limits:: leftovers:: host:: posture::'

usage="usage: $0 SANDBOX-TEST-BINARY HOSTILE-TEST-BINARY"
binary=${1:?"$usage"}
hostile=${2:?"$usage"}
if [ "$(uname -m)" != x86_64 ]; then
    echo 'vm-test: skipped: this needs an x86-64 machine'
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo 'vm-test: run it as root, for the machine shares its whole root with the virtual one' >&2
    exit 1
fi
mkdir -p "$work"
work=$(cd "$work" && pwd)

# The kernel is kept between runs: 6.12, the oldest that has everything the tests look at.
kernel_package() {
    apt-cache search --names-only '^linux-image-6\.12.*-cloud-amd64(-unsigned)?$' | cut -d' ' -f1 | sort -V | tail -n 1
}
if [ ! -f "$work/vmlinuz" ] || [ ! -f "$work/overlay.ko" ]; then
    package=$(kernel_package)
    if [ -z "$package" ]; then
        apt-get update -q >"$work/apt.log" 2>&1
        package=$(kernel_package)
    fi
    if [ -z "$package" ]; then
        echo 'vm-test: no linux-image-6.12…-cloud-amd64 in the package archive; add bookworm-security or trixie' >&2
        exit 1
    fi
    rm -rf "$work/kernel"
    mkdir "$work/kernel"
    (cd "$work/kernel" && apt-get -q -o APT::Sandbox::User=root download "$package" && dpkg-deb -x linux-image-*.deb .)
    mv "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
    # The one file system that the tests need and that is not built in.
    busybox xzcat "$work"/kernel/lib/modules/*/kernel/fs/overlayfs/overlay.ko.xz >"$work/overlay.ko"
    rm -rf "$work/kernel"
fi

# Done out here, for the machine is emulated. All but one of the hostile programs in C are compiled, and Gavel
# loses its symbols, nine tenths of it, for each area of hostile programs reads all its bytes.
programs=$work/programs
rm -rf "$programs"
mkdir "$programs"
for source in $(grep -l '^// tier: quick$' tests/hostile/cases/*/*.c); do
    name=$(basename "$source" .c)
    case $name in
    CPU-01-*) continue ;;
    esac
    gcc -std=gnu17 -O2 -I tests/hostile/include -o "$programs/$name" "$source" -lm
done
gavel=$(realpath "$(dirname "$binary")/../gavel")
strip -o "$work/gavel" "$gavel"

# The initial root: busybox, and one script that mounts everything and hands over to the next.
root=$(mktemp -d "$work/initramfs.XXXXXX")
mkdir -p "$root/bin" "$root/host" "$root/proc" "$root/dev" "$root/directory.kept"
pwd >"$root/directory"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$work/overlay.ko" "$root/overlay.ko"
cat >"$root/init" <<'EOF_INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
insmod /overlay.ko
mount -t virtiofs -o ro host /host || poweroff -f
mount -t proc proc /host/proc
mount -t sysfs sys /host/sys
mount -t cgroup2 cgroup /host/sys/fs/cgroup
mount -t devtmpfs dev /host/dev
mkdir -p /host/dev/shm
# Kept, for it may lie below what is covered next.
directory=$(cat /directory)
mount --bind "/host$directory" /directory.kept
mount -t tmpfs -o mode=1777 tmp /host/tmp
mount -t tmpfs -o mode=755 run /host/run
mkdir -p "/host$directory" 2>/dev/null
mount --bind /directory.kept "/host$directory"
ip link set lo up
cp /bin/busybox /run.sh /host/tmp/
# Not chroot: in a chroot the kernel makes no user namespaces.
exec switch_root /host /bin/sh /tmp/run.sh </dev/null
EOF_INIT
cat >"$root/run.sh" <<EOF_RUN
directory='$(pwd)'
binary='$binary'
hostile='$hostile'
about_groups='$about_groups'
work='$work'
gavel='$gavel'
EOF_RUN
cat >>"$root/run.sh" <<'EOF_RUN'
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp RUST_BACKTRACE=0
# Emulation is several times slower than the machine.
export GAVEL_TEST_SLOWNESS=8
export GAVEL_TEST_MAY_SET_CLOCK=1
groups=/sys/fs/cgroup
failed=0
run() {
    # One at a time: what is slow as it is should not also wait.
    "$binary" --color never --test-threads 1 "$@"
}
phase() {
    echo "vm-phase $1"
    shift
    "$@" || failed=1
}
# A new group that has every controller, with the calling process in it.
enter_group() {
    mkdir -p "$groups/$1"
    echo 0 >"$groups/$1/cgroup.procs"
}
in_container() (
    enter_group container
    exec unshare --cgroup --mount sh -c \
        'umount /sys/fs/cgroup && mount -t cgroup2 cgroup /sys/fs/cgroup && exec "$0" --color never --test-threads 1 "$@"' \
        "$binary" $about_groups
)
hostile_programs() {
    export GAVEL_HOSTILE_TIER=quick GAVEL_HOSTILE_PROGRAMS="$work/programs"
    # An empty choice is all of them, each with its time.
    GAVEL_HOSTILE= "$hostile" --color never --test-threads 1 --nocapture areas::
}
in_service() (
    enter_group system/gavel.service
    run $about_groups
)
cd "$directory" || failed=1
mount --bind "$work/gavel" "$gavel" || failed=1
# What a benchmark leaves has nothing to do with groups, and it compiles; and so does what tries every command as an
# ordinary user, whose boxes other tests look at.
phase 'the root group' run --skip benchmarks:: --skip rootless::an_ordinary_user_runs_a_file
# Not earlier: the first phase shows that Gavel hands on the controllers of the root by itself.
for controller in cpu cpuset memory pids; do
    mkdir -p "$groups/system"
    echo "+$controller" >"$groups/cgroup.subtree_control"
    echo "+$controller" >"$groups/system/cgroup.subtree_control"
done
phase "a container's group" in_container
phase 'a delegated group' in_service
phase 'hostile programs' hostile_programs
echo "vm-end $failed"
/tmp/busybox poweroff -f
EOF_RUN
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"
rm -rf "$root"

directory=$(mktemp -d /tmp/gavel-vm.XXXXXX)
socket=$directory/virtiofs
virtiofsd=/usr/lib/qemu/virtiofsd
[ -x "$virtiofsd" ] || virtiofsd=/usr/libexec/virtiofsd
"$virtiofsd" --socket-path="$socket" -o source=/ -o cache=always -o sandbox=chroot >"$work/virtiofsd.log" 2>&1 &
virtiofsd_pid=$!
clean_up() {
    kill "$virtiofsd_pid" 2>/dev/null || true
    # Its lock, named after the directory of the socket.
    rm -rf "$directory" /run/virtiofsd/"$(echo "$directory" | tr / .)".pid
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
while [ ! -S "$socket" ]; do
    kill -0 "$virtiofsd_pid" || { cat "$work/virtiofsd.log" >&2; exit 1; }
    sleep 0.1
done

# One thread for both processors: with a thread each, one runs into the breakpoint by which the kernel patches its own
# code on the other, which it does when the first CPU quota is set, and now and then takes it for a fault.
# And without the fast string instructions: emulated, they go byte by byte, and kernel and libc copy with nothing else
# where there are any.
timeout "$timeout_seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu max,-erms,-fsrm -smp 2 -m 2048 \
    -object memory-backend-memfd,id=mem,size=2048M,share=on -numa node,memdev=mem \
    -chardev socket,id=fs,path="$socket" -device vhost-user-fs-pci,chardev=fs,tag=host \
    -kernel "$work/vmlinuz" -initrd "$work/initramfs.gz" \
    -append 'console=ttyS0 quiet loglevel=1 panic=-1 cgroup_no_v1=all' \
    -nodefaults -no-reboot -display none -serial stdio -nic none </dev/null |
    stdbuf -oL tr -d '\r' | tee "$work/output.log"

# What each phase came to. One without a result, or a machine that did not reach its end, is a failure.
awk '
    /^vm-phase / { name = substr($0, 10); phases++ }
    /^test result: / {
        results++
        passed += $4
        failed += $6
        print "vm-test: " $4 " passed, " $6 " failed in " name ", " $NF
    }
    /^vm-end / { ended = 1; bad = $2 }
    match($0, /[a-z]+: [0-9]+ passed, [0-9]+ failed, [0-9]+ not run/) {
        split(substr($0, RSTART, RLENGTH), words)
        cases += words[2]
        bad_cases += words[4]
        cases_left_out += words[6]
    }
    END {
        print "vm-test: " passed + 0 " tests passed, " failed + 0 " failed on control groups v2"
        print "vm-test: " cases + 0 " hostile cases passed, " bad_cases + 0 " failed, " cases_left_out + 0 " not run on control groups v2"
        if (!ended || bad || failed || phases != 4 || results != 4 || !cases || bad_cases) {
            print "vm-test: FAILED" (ended ? "" : ": the virtual machine did not reach its end")
            exit 1
        }
    }
' "$work/output.log"
