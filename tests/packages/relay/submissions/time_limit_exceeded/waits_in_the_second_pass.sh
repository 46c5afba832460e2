read -r task; read -r word
[ "$task" = decode ] && while :; do :; done
echo "z$word"
