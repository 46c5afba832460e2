read -r found < "$2"
read -r expected < "$3"
[ "$found" = "$expected" ] || { echo "$found and not $expected"; exit 1; }
