read -r task; read -r word
case $task in encode) echo "z$word";; decode) echo "${word#z}";; esac
