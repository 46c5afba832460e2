# id: CPU-03a
# about: prints the right answer, then spins
# expect: TLE
# tier: quick
# cpu_ms: 200
echo ok
while :; do :; done
