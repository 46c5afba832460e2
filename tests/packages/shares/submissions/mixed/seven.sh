read -r a b; [ "$a" = 1 ] && echo 3 || echo 7
