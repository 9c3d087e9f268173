"""The emulator as its users start it: by its command, in a process of its own."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import time
from urllib.parse import quote_plus

from proton import Message
from proton.utils import BlockingConnection, SyncRequestResponse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))

# Of every wait for the emulator: far above what any needs, so that only a hang ends in it.
TIMEOUT = 20


class Emulator:
    def __init__(self, command):
        flags = ["emulator", "--json", "--port", "0", "--http-port", "0", "--auth"]
        config = ["--config", os.path.join(HERE, "config.json")]
        self.process = subprocess.Popen([*command, *flags, *config], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if line == "":
            raise RuntimeError(f"the emulator ended with exit code {self.process.wait()} before it was ready")
        self.ready = json.loads(line)
        text = self.ready["serviceBus"]["connectionString"]
        parts = dict(part.split("=", 1) for part in text.split(";"))
        self.host = parts["Endpoint"].removeprefix("sb://")
        self.key_name = parts["SharedAccessKeyName"]
        self.key = parts["SharedAccessKey"]

    def connect_anonymously(self):
        return BlockingConnection(f"amqp://{self.host}", timeout=TIMEOUT, allowed_mechs="ANONYMOUS")

    def connect_with_password(self):
        """SASL PLAIN with the name and the key of a rule, as clients do that know nothing of Azure."""
        return BlockingConnection(
            f"amqp://{self.host}",
            timeout=TIMEOUT,
            user=self.key_name,
            password=self.key,
            allowed_mechs="PLAIN",
            allow_insecure_mechs=True,
        )

    def token_for(self, resource):
        """A shared access signature, as Microsoft documents it."""
        encoded = quote_plus(resource)
        expiry = str(int(time.time()) + 600)
        digest = hmac.new(self.key.encode(), f"{encoded}\n{expiry}".encode(), hashlib.sha256).digest()
        signature = quote_plus(base64.b64encode(digest))
        return f"SharedAccessSignature sr={encoded}&sig={signature}&se={expiry}&skn={self.key_name}"

    def put_token(self, connection, entity, token=None):
        """Returns the status and its description."""
        audience = f"sb://{self.host}/{entity}"
        request = Message(
            body=self.token_for(audience) if token is None else token,
            properties={"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": audience},
        )
        exchange = SyncRequestResponse(connection, "$cbs")
        properties = exchange.call(request).properties
        # The library names links by their address, and one name is one link.
        exchange.sender.close()
        exchange.receiver.close()
        return properties["status-code"], properties["status-description"]

    def end(self):
        """Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
