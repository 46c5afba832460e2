# A word is worth its length, and the shortest is the best.
read -r word
[ -n "$word" ] || exit 43
echo "${#word}" > "$3/score.txt"
exit 42
