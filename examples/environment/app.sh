# Tells what it was told, but for the secrets, of which it tells the length.
echo "$APP_NAME runs as $APP_ENV at $APP_URL: $GREETING"
echo "the password has ${#DB_PASSWORD} characters"
echo "the key has $(wc -c < "$CREDENTIALS_DIRECTORY/tls.key") bytes"
while :; do sleep 1; done
