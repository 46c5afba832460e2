read a b; ((a + b)) || exit 1; echo $((a + b))
