#!/bin/sh
# Runs test binaries on pure control groups v2: in a small virtual machine under software
# emulation, with Debian's cloud kernel and this machine's root shared into it read-only.
# Usage: scripts/vm-test.sh TEST-BINARY [ARGUMENT...]
# Needs qemu-system-x86, qemu-system-common (virtiofsd), busybox-static and cpio.
set -eu

work=${VM_DIR:-target/vm}
timeout_seconds=${VM_TIMEOUT_SECONDS:-600}
mkdir -p "$work"
work=$(cd "$work" && pwd)

# The kernel: the newest 6.12 cloud image of the package archive, kept between runs.
if [ ! -f "$work/vmlinuz" ]; then
    package=$(apt-cache search --names-only '^linux-image-6\.12.*-cloud-amd64(-unsigned)?$' |
        cut -d' ' -f1 | sort -V | tail -n 1)
    if [ -z "$package" ]; then
        echo 'no linux-image-6.12…-cloud-amd64 in the package archive; run apt-get update' >&2
        exit 1
    fi
    (cd "$work" && apt-get download -q "$package" && dpkg-deb -x linux-image-*.deb kernel)
    cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
    rm -rf "$work/kernel" "$work"/linux-image-*.deb
fi

# The initial root: busybox, and one script that mounts, runs the command and powers off.
root=$(mktemp -d "$work/initramfs.XXXXXX")
mkdir -p "$root/bin" "$root/host" "$root/proc" "$root/dev"
cp "$(command -v busybox)" "$root/bin/busybox"
for argument in "$@"; do
    printf "'%s' " "$(printf %s "$argument" | sed "s/'/'\\\\''/g")"
done >"$root/command"
printf '%s' "$(pwd)" >"$root/directory"
cat >"$root/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t virtiofs -o ro host /host || poweroff -f
mount -t proc proc /host/proc
mount -t sysfs sys /host/sys
mount -t cgroup2 cgroup /host/sys/fs/cgroup
mount -t devtmpfs dev /host/dev
mount -t tmpfs -o mode=1777 tmp /host/tmp
mount -t tmpfs -o mode=755 run /host/run
ip link set lo up
cat >/host/tmp/run.sh <<INNER
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp RUST_BACKTRACE=0
cd '$(cat /directory)' && $(cat /command)
echo "vm-exit-status \$?"
/tmp/busybox poweroff -f
INNER
cp /bin/busybox /host/tmp/busybox
# Not chroot: in a chroot the kernel makes no user namespaces.
exec switch_root /host /bin/sh /tmp/run.sh </dev/null
EOF
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"
rm -rf "$root"

socket=$(mktemp -u /tmp/gavel-vm.XXXXXX)
virtiofsd=/usr/lib/qemu/virtiofsd
[ -x "$virtiofsd" ] || virtiofsd=/usr/libexec/virtiofsd
"$virtiofsd" --socket-path="$socket" -o source=/ -o cache=always -o sandbox=chroot \
    >"$work/virtiofsd.log" 2>&1 &
virtiofsd_pid=$!
trap 'kill $virtiofsd_pid 2>/dev/null || true; rm -f "$socket" "$socket.pid"' EXIT
while [ ! -S "$socket" ]; do
    kill -0 $virtiofsd_pid || { cat "$work/virtiofsd.log" >&2; exit 1; }
    sleep 0.1
done

timeout "$timeout_seconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 \
    -object memory-backend-memfd,id=mem,size=2048M,share=on -numa node,memdev=mem \
    -chardev socket,id=fs,path="$socket" -device vhost-user-fs-pci,chardev=fs,tag=host \
    -kernel "$work/vmlinuz" -initrd "$work/initramfs.gz" \
    -append 'console=ttyS0 quiet panic=-1 cgroup_no_v1=all' \
    -nodefaults -no-reboot -display none -serial stdio -nic none </dev/null |
    tr -d '\r' | tee "$work/output.log"
status=$(sed -n 's/^vm-exit-status //p' "$work/output.log")
exit "${status:-1}"
