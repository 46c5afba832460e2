# Right is what the answer says; with the argument "shares" one more or less is worth half.
read -r output
read -r answer < "$2"
off=$((output - answer))
case "$off,$4" in
0,*) exit 42 ;;
1,shares | -1,shares)
    echo 0.5 > "$3/score_multiplier.txt"
    echo "off by one" > "$3/judgemessage.txt"
    exit 42
    ;;
esac
echo "$output is not $answer" > "$3/judgemessage.txt"
exit 43
