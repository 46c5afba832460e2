read -r task; read -r word
case $task in encode) echo "$word" > note; echo "$word" > /tmp/note; echo z;; decode) cat note /tmp/note 2> /dev/null; echo none;; esac
