read -r task; read -r word
echo "$word"
