#!/bin/sh
# Entry point of the worker's container: makes the container's own control groups writable, then becomes
# `gavel worker` with the arguments that were given. docs/CONTAINERS.md says which rights it needs.
#
# Docker mounts control groups read-only unless a container is privileged (or, from Docker 28 on, has the security
# option `writable-cgroups=true`). CAP_SYS_ADMIN, which the worker has for its sandboxes, suffices to change that.
set -eu

# The controllers that Gavel uses where each has a tree of its own (control groups v1). The others stay read-only,
# above all `devices`, which says what this container may open.
controllers='memory cpuacct cpuset pids'

refuse() {
    echo "container-worker: $1" >&2
    exit 1
}

# Without a namespace of its own a container sees the host's groups, and would be writing among them.
own_groups_only() {
    if grep --quiet --invert-match ':/$' /proc/self/cgroup; then
        refuse 'this container shares the control groups of the host; start it with `cgroup: private`
(docker run: --cgroupns private)'
    fi
}

# `bind` changes the flag of this one mount, and nothing of the file system, which the whole host shares.
make_writable() {
    [ -w "$1" ] || mount -o remount,bind,rw "$1" ||
        refuse "$1 cannot be made writable; the worker needs SYS_ADMIN and apparmor=unconfined"
}

tree_of() {
    findmnt --noheadings --output TARGET --types cgroup --options "$1" --first-only ||
        refuse "the controller $1 is not there; start the host with control groups v2"
}

own_groups_only
if findmnt --noheadings --types cgroup2 --mountpoint /sys/fs/cgroup >/dev/null; then
    make_writable /sys/fs/cgroup
else
    for controller in $controllers; do
        tree=$(tree_of "$controller")
        make_writable "$tree"
    done
fi
exec gavel worker "$@"
