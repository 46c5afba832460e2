# Pass 1: numbers are echoed. Pass 2, whose input is "last": they are echoed with one added.
read -r count < "$1"
added=0
[ "$count" = last ] && added=1 && count=2
while [ "$count" -gt 0 ]; do
    echo "$added $count" || exit 43
    read -r said || exit 43
    [ "$said" = "$((count + added))" ] || exit 43
    count=$((count - 1))
done
[ "$added" = 1 ] && [ ! -e "$3/nextpass.in" ] && [ -e "$3/mine" ] && exit 42
[ "$added" = 0 ] && echo last > "$3/nextpass.in" && touch "$3/mine" && exit 42
exit 1
