# id: SID-07
# about: the host id of a box is no other's: the harness compares it
# expect: AC
# tier: quick
# reference: inotify instances and queued signals are counted for each user of the host
read -r _ outside _ < <(grep '^ *1000 ' /proc/self/uid_map)
[ "$outside" -ge 61200 ] && echo ok
