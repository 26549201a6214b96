#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service to be robbed: takes GET /pay, asks the bank with its API key, answers OK and the key's digest.

Holds DB_PASSWORD and API_KEY where services hold them: in the environment, in a settings text on the heap, and in a
memfd that a deployment tool would have handed over. "payments.py bank" is the bank: it knows the key's digest only.
"payments.py database" is the database, which wants the password at login. GET /login logs in there, GET /leak/ROAD/FORM
lets the key out, as leak.py does it.
"""
import hashlib
import http.client
import json
import os
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import leak

PAYMENTS_PORT = 8080
BANK_PORT = 8081
DATABASE_PORT = 5432


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()[:16]


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Bank(Quiet):
    def do_GET(self):
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        known = digest(key) == os.environ["API_KEY_DIGEST"]
        self.answer(200 if known else 403, "booked\n" if known else "who are you?\n")


class Database(socketserver.StreamRequestHandler):
    def handle(self):
        password = self.rfile.readline().strip().decode()
        self.wfile.write(b"welcome\n" if digest(password) == os.environ["DB_PASSWORD_DIGEST"] else b"no\n")


class Payments(Quiet):
    def do_GET(self):
        # From the settings text, not the environment, so that an answer proves the heap copy to be alive and whole.
        known = json.loads(SETTINGS)
        key = known["bank"]["key"]
        if self.path == "/pay":
            self.pay(key)
        elif self.path == "/login":
            self.log_in(known["database"]["password"])
        elif self.path.startswith("/leak/"):
            _, _, road, form = self.path.split("/")
            self.answer(200, leak.leak(road, form, key, HANDED_OVER))
        else:
            self.answer(404, "no such page\n")

    def log_in(self, password):
        with socket.create_connection(("127.0.0.1", DATABASE_PORT), timeout=20) as database:
            database.sendall(password.encode() + b"\n")
            self.answer(200, database.makefile().readline())

    def pay(self, key):
        bank = http.client.HTTPConnection("127.0.0.1", BANK_PORT, timeout=20)
        bank.request("GET", "/book", headers={"Authorization": "Bearer " + key})
        booked = bank.getresponse().status == 200
        bank.close()
        self.answer(200 if booked else 502, ("OK " if booked else "REFUSED ") + digest(key) + "\n")


def settings():
    """As a service would read it from a file: too long for Python's own small-object pools, so it lies on the C heap."""
    return json.dumps(
        {
            "database": {"user": "payments", "password": os.environ["DB_PASSWORD"], "pool": list(range(200))},
            "bank": {"port": BANK_PORT, "key": os.environ["API_KEY"]},
        }
    ).encode()


if sys.argv[1:] == ["bank"]:
    server = ThreadingHTTPServer(("127.0.0.1", BANK_PORT), Bank)
elif sys.argv[1:] == ["database"]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", DATABASE_PORT), Database)
else:
    SETTINGS = settings()
    HANDED_OVER = os.memfd_create("payments-key")
    os.write(HANDED_OVER, os.environ["API_KEY"].encode())
    server = ThreadingHTTPServer(("127.0.0.1", PAYMENTS_PORT), Payments)
server.serve_forever()
