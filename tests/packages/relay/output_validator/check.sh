# Passes 1 and 2: the code of the word, which must not be the word, is given back to be decoded. It must be the answer.
read -r task < "$1"
read -r word < "$2"
read -r said
count=1
[ -e "$3/count" ] && count=$(($(cat "$3/count") + 1))
echo "$count" > "$3/count"
echo "pass $count" >> "$3/judgemessage.txt"
if [ "$task" = encode ]; then
    [ "$said" = "$word" ] && echo "not encoded" >> "$3/teammessage.txt" && exit 43
    printf 'decode\n%s\n' "$said" > "$3/nextpass.in"
    exit 42
fi
[ "$task" = decode ] || exit 1
[ "$count" = 2 ] || exit 1
[ "$said" = "$word" ] && exit 42
exit 43
