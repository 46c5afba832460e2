read -r task; read -r word
[ "$task" = decode ] && exit 3
echo "z$word"
