read -r task; read -r word
echo "z$word"
