#!/usr/bin/env bash
# Installs what Gavel needs to be built, run and tested, where it is missing. Asks nothing, prints nothing where
# nothing is missing, and may be run any number of times. It installs no service of ours and starts none: Gavel runs
# the Postgres *programs* itself and never touches the cluster that a distribution may set up.
# With --vm also what scripts/vm-test.sh needs.
set -euo pipefail

# One line for each need: how to tell that it is there, and the Debian package that brings it.
# The toolchains must be below /usr, for that is what a sandbox sees: a rustc of rustup's does not count.
needs() {
    cat <<'NEEDS'
command:cc             build-essential
command:make           build-essential
file:/usr/bin/g++      build-essential
command:pkg-config     pkg-config
library:libseccomp     libseccomp-dev
postgres               postgresql
file:/usr/bin/python3  python3
file:/usr/bin/pypy3    pypy3
jdk                    default-jdk-headless
file:/usr/bin/node     nodejs
file:/usr/bin/rustc    rustc
golang                 golang-go
command:curl           curl
command:pasta          passt
command:newuidmap      uidmap
NEEDS
    [ "$with_vm" = no ] || cat <<NEEDS
command:qemu-system-x86_64 qemu-system-x86
virtiofsd                  $(virtiofsd_package)
static-busybox             busybox-static
command:cpio               cpio
NEEDS
}

# Debian 12 has it with qemu, later ones by itself.
virtiofsd_package() {
    if apt-cache show virtiofsd >/dev/null 2>&1; then echo virtiofsd; else echo qemu-system-common; fi
}

have() {
    case $1 in
        command:*) command -v "${1#command:}" >/dev/null ;;
        file:*) [ -x "${1#file:}" ] ;;
        library:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#library:}" ;;
        postgres) command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
        jdk) [ -x /usr/bin/javac ] || compgen -G '/usr/lib/jvm/*/bin/javac' >/dev/null ;;
        virtiofsd) [ -x /usr/lib/qemu/virtiofsd ] || [ -x /usr/libexec/virtiofsd ] ;;
        static-busybox) command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1 ;;
        golang) [ -x /usr/bin/go ] || compgen -G '/usr/lib/go*/bin/go' >/dev/null ;;
    esac
}

missing_packages() {
    local need package
    needs | while read -r need package; do
        have "$need" || echo "$package"
    done | sort -u
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "setup: root rights are needed, and there is no sudo; run as root: $*" >&2
        return 1
    fi
}

install_with_apt() {
    echo "setup: installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# On another system: say what to install, then go on, for a language whose toolchain is missing is merely not offered.
explain() {
    echo "setup: this is neither Debian nor Ubuntu; please install what these Debian packages bring:" >&2
    local need package
    needs | while read -r need package; do
        have "$need" || echo "setup:   $package (looked for: $need)" >&2
    done
}

check_cargo() {
    command -v cargo >/dev/null && return
    echo "setup: there is no cargo: install Rust 1.94 or newer from https://rustup.rs" >&2
    return 1
}

with_vm=no

main() {
    local packages
    [ "${1:-}" != --vm ] || with_vm=yes
    mapfile -t packages < <(missing_packages)
    if [ "${#packages[@]}" -gt 0 ]; then
        if command -v apt-get >/dev/null; then
            install_with_apt "${packages[@]}"
        else
            explain
        fi
    fi
    check_cargo
}

main "$@"
