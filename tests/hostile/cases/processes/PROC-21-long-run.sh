# id: PROC-21
# about: sleeps for longer than an idle thread of a pool lives
# expect: AC
# wall_ms: 20000
# tier: slow
sleep 12
echo ok
