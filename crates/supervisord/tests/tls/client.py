"""Calls getState by HTTPS: client.py PORT AUTHORITY [CLIENT_CERTIFICATE CLIENT_KEY]; prints the state or the error."""

import http.client
import ssl
import sys
import xmlrpc.client

port, authority, *own = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
if own:
    context.load_cert_chain(*own)
server = xmlrpc.client.ServerProxy(f"https://u:p@localhost:{port}", context=context)
try:
    print(server.supervisor.getState()["statename"])
except ssl.SSLCertVerificationError:
    print("not this authority's certificate")
except (ssl.SSLError, ConnectionError, http.client.HTTPException) as error:
    print("refused")
