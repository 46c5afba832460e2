# Answers at most seven guesses.
read -r secret < "$1"
for guess in 1 2 3 4 5 6 7; do
    read -r number || { echo "no guess $guess" > "$3/judgemessage.txt"; exit 43; }
    if ((number == secret)); then
        echo right
        exit 42
    elif ((number < secret)); then
        echo more
    else
        echo less
    fi
done
echo "too many guesses" > "$3/judgemessage.txt"
exit 43
