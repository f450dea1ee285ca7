#!/bin/sh
# edit.sh PAGE TEXT: adds a paragraph to a page, as a visitor does.
set -eu
said=$(curl -fsS --noproxy '*' http://127.0.0.1:8080/api.php --data format=json \
  --data action=edit --data-urlencode "title=$1" --data-urlencode "appendtext=

$2" --data 'token=%2B%5C')
case $said in
  *'"result":"Success"'*) ;;
  *) echo "$said" >&2; exit 1 ;;
esac
