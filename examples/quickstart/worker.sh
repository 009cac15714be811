# Writes a line of work done, once a second.
number=0
while :; do
    number=$((number + 1))
    echo "job $number done"
    sleep 1
done
