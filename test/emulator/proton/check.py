"""The emulator with a client in another language: python3-qpid-proton, which knows AMQP 1.0 and nothing of Azure.

    python3 check.py [command of waybill …]

The last line is `N passed, N failed`.
"""

import os
import sys

from proton.utils import ConnectionClosed, LinkDetached

from checks import Checks, equal, raises
from emulator import ROOT, Emulator
from event_hubs import check_event_hubs
from service_bus import check_service_bus


def check_tokens(checks, emulator):
    connection = emulator.connect_anonymously()

    def without_token():
        error = raises(LinkDetached, lambda: connection.create_sender("orders"))
        equal(error.condition, "amqp:unauthorized-access")

    def wrong_token():
        token = emulator.token_for(f"sb://{emulator.host}/orders").replace("sig=", "sig=x")
        equal(emulator.put_token(connection, "orders", token)[0], 401)

    def right_token():
        equal(emulator.put_token(connection, "orders"), (202, "Accepted"))
        connection.create_sender("orders").close()

    checks.run("without a token, no link", without_token)
    checks.run("a wrong signature is refused by $cbs", wrong_token)
    checks.run("a token put through $cbs opens its entity", right_token)
    connection.close()


def check_end(checks, emulator):
    connection = emulator.connect_with_password()
    connection.create_receiver("orders")
    codes = []

    def ends():
        error = raises(ConnectionClosed, lambda: (codes.append(emulator.end()), connection.wait(lambda: False)))
        equal((codes, error.condition), ([0], "amqp:connection:forced"))

    checks.run("SIGTERM closes the connections and ends the process with 0", ends)


def main(command):
    checks = Checks()
    emulators = []
    checks.run("the emulator starts, and says in one line where it is", lambda: emulators.append(Emulator(command)))
    for emulator in emulators:
        try:
            for group in [check_tokens, check_service_bus, check_event_hubs, check_end]:
                checks.group(group, emulator)
        finally:
            emulator.process.kill()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 0 if checks.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["node", os.path.join(ROOT, "tools", "bin", "waybill.js")]))
