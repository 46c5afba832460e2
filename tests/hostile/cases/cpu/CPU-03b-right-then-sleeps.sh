# id: CPU-03b
# about: prints the right answer, then sleeps
# expect: ILE
# wall_ms: 300
echo ok
sleep 60
