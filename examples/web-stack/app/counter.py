"""A page that tells how often it was asked for, and which process answers."""
import os

import redis

visits = redis.Redis(host="127.0.0.1", port=int(os.environ["REDIS_PORT"]))


def application(environ, start_response):
    body = f"visit {visits.incr('visits')}, master {os.getppid()}, worker {os.getpid()}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
