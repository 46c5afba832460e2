read a b; while ((a < 100)); do :; done; echo $((a + b))
