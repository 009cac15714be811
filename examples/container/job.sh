# Stands for what a container is there for: crashes once, then does its work, and is done.
crashed=$(dirname "$0")/run/crashed
sleep 2
if [ ! -e "$crashed" ]; then
    touch "$crashed"
    echo "the job crashes"
    exit 1
fi
rm "$crashed"
echo "the job is done"
