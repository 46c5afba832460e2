# id: CPU-03b
# about: prints the right answer, then sleeps
# expect: ILE
# tier: quick
# wall_ms: 300
echo ok
sleep 60
