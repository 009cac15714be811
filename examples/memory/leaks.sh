# Takes 16 MB more each second, and never gives any back.
held=''
while :; do
    held="$held$(head -c 16000000 /dev/zero | tr '\0' x)"
    sleep 1
done
