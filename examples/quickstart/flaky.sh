# Runs for a few seconds, then fails.
echo "up, for now"
sleep 4
echo "out of luck" >&2
exit 1
