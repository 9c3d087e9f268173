"""Service Bus, as a client sees it that knows AMQP 1.0 and nothing of Azure."""

import uuid

from proton import UNDESCRIBED, Array, Condition, Data, Delivery, Described, Message, Timeout
from proton import byte, float32, int32, short, symbol, timestamp, ubyte, uint, ulong
from proton.reactor import AtMostOnce, Filter
from proton.utils import LinkDetached, SendException, SyncRequestResponse

from checks import equal, matches, raises

# Long enough for the emulator to have delivered what it would deliver.
NOTHING_COMES = 0.3


def check_service_bus(checks, emulator):
    connection = emulator.connect_with_password()
    for name, check in [
        ("sends 200 messages, and receives them in order, each accepted", send_and_receive),
        ("sends settled messages, which nobody answers", send_settled),
        ("gives a message back: modified counts as a delivery, released does not", give_back),
        ("rejects a message into the dead-letter queue, with the condition as its reason", reject),
        ("defers a message and fetches it by its sequence number", defer),
        ("gives back types, properties and body as they were sent", types),
        ("takes one link name for a sender and a receiver of one session", one_name),
        ("peeks through the management node", peek),
        ("sends a message of many frames; a too large one is rejected and the link goes on", large),
        ("drains credit when there is nothing to give", drain),
        ("reads a session by its id, described or not, and the next one that is free", sessions),
        ("reads subscriptions, each with what its rules let through", subscriptions),
        ("learns by LinkDetached that there is no such entity", not_found),
    ]:
        checks.run(name, lambda check=check: check(connection))
    connection.close()


def send_and_receive(connection):
    sender = connection.create_sender("orders")
    for number in range(200):
        delivery = sender.send(Message(id=f"order-{number}", subject="order", body=f"body {number}"))
        equal(delivery.remote_state, Delivery.ACCEPTED)
    receiver = connection.create_receiver("orders", credit=50)
    for number in range(200):
        message = receiver.receive()
        equal((message.id, message.body, message.subject), (f"order-{number}", f"body {number}", "order"))
        equal(message.delivery_count, 0)
        equal(message.annotations["x-opt-sequence-number"], number + 1)
        receiver.accept()
    raises(Timeout, lambda: receiver.receive(timeout=NOTHING_COMES))
    receiver.close()
    sender.close()


def send_settled(connection):
    sender = connection.create_sender("orders", options=AtMostOnce())
    sender.send(Message(body="fire and forget"))
    receiver = connection.create_receiver("orders", options=AtMostOnce())
    equal(receiver.receive().body, "fire and forget")
    receiver.close()
    sender.close()


def give_back(connection):
    sender = connection.create_sender("settled")
    sender.send(Message(id="back", body="again"))
    receiver = connection.create_receiver("settled", credit=1)
    equal(receiver.receive().delivery_count, 0)
    receiver.release(delivered=True)
    equal(receiver.receive().delivery_count, 1)
    receiver.release(delivered=False)
    message = receiver.receive()
    equal((message.delivery_count, message.id, message.first_acquirer), (1, "back", False))
    receiver.accept()
    receiver.close()
    sender.close()


def reject(connection):
    sender = connection.create_sender("settled")
    sender.send(Message(id="bad", body="bad", properties={"kept": True}))
    receiver = connection.create_receiver("settled", credit=1)
    receiver.receive()
    delivery = receiver.fetcher.unsettled[0]
    delivery.local.condition = Condition("shop:no-stock", "There is none left.")
    receiver.reject()
    receiver.close()
    dead = connection.create_receiver("settled/$DeadLetterQueue")
    message = dead.receive()
    equal(
        message.properties,
        {"kept": True, "DeadLetterReason": "shop:no-stock", "DeadLetterErrorDescription": "There is none left."},
    )
    dead.accept()
    dead.close()
    sender.close()


def defer(connection):
    sender = connection.create_sender("settled")
    sender.send(Message(id="later", body="later"))
    receiver = connection.create_receiver("settled", credit=1)
    number = receiver.receive().annotations["x-opt-sequence-number"]
    delivery = receiver.fetcher.unsettled[0]
    delivery.local.failed = True
    delivery.local.undeliverable = True
    receiver.settle(Delivery.MODIFIED)
    raises(Timeout, lambda: receiver.receive(timeout=NOTHING_COMES))
    management = Management(connection, "settled")
    status, body = management.call(
        "com.microsoft:receive-by-sequence-number",
        {"sequence-numbers": longs([number]), "receiver-settle-mode": uint(0)},
    )
    equal((status, decoded(body["messages"][0]["message"]).id), (200, "later"))
    management.close()
    receiver.close()
    sender.close()


def types(connection):
    sent = {
        "ulong": ulong(2**63),
        "uint": uint(5),
        "ubyte": ubyte(7),
        "byte": byte(-7),
        "short": short(-300),
        "int": int32(-70000),
        "long": 2**53 + 1,
        "float": float32(0.5),
        "double": 0.1,
        "boolean": False,
        "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "timestamp": timestamp(1_700_000_000_123),
        "symbol": symbol("sym"),
        "text": "£ 💷",
        "null": None,
        "binary": b"\x00\xff",
    }
    bodies = ["text", b"\x00\xff", {"list": [1, "two", None, {"k": ulong(3)}]}, [1, 2.5], None, ulong(2**63)]
    sender = connection.create_sender("types")
    receiver = connection.create_receiver("types", credit=1)
    for body in bodies:
        sender.send(
            Message(
                body=body,
                id=uuid.UUID(int=7),
                correlation_id=ulong(9),
                properties=sent,
                content_type="x/y",
                reply_to="back",
                priority=7,
                ttl=60,
                instructions=None,
            )
        )
        message = receiver.receive()
        equal((message.body, type(message.body)), (body, type(body)))
        equal(message.properties, sent)
        equal({name: type(value) for name, value in message.properties.items()}, {k: type(v) for k, v in sent.items()})
        equal((message.id, message.correlation_id), (uuid.UUID(int=7), ulong(9)))
        equal((message.content_type, message.reply_to, message.priority, message.ttl), ("x/y", "back", 7, 60))
        receiver.accept()
    receiver.close()
    sender.close()


def one_name(connection):
    sender = connection.create_sender("orders", name="the-link")
    receiver = connection.create_receiver("orders", name="the-link")
    equal(sender.link.session, receiver.link.session)
    sender.send(Message(body="both ways"))
    equal(receiver.receive().body, "both ways")
    receiver.accept()
    receiver.close()
    sender.close()


def peek(connection):
    sender = connection.create_sender("peeked")
    for number in range(3):
        sender.send(Message(body={"number": number}, properties={"number": number}))
    management = Management(connection, "peeked")
    request = {"from-sequence-number": 2, "message-count": int32(10)}
    status, body = management.call("com.microsoft:peek-message", request)
    messages = [decoded(each["message"]) for each in body["messages"]]
    equal((status, [message.body["number"] for message in messages]), (200, [1, 2]))
    equal([message.annotations["x-opt-sequence-number"] for message in messages], [2, 3])
    equal(management.call("com.microsoft:peek-message", {**request, "from-sequence-number": 4})[0], 204)
    management.close()
    sender.close()


def large(connection):
    sender = connection.create_sender("large")
    receiver = connection.create_receiver("large", credit=1)
    sender.send(Message(body=b"x" * 200_000))
    equal(len(receiver.receive().body), 200_000)
    receiver.accept()
    equal(raises(SendException, lambda: sender.send(Message(body=b"x" * 300_000))).state, Delivery.REJECTED)
    sender.send(Message(body="small"))
    equal(receiver.receive().body, "small")
    receiver.accept()
    receiver.close()
    sender.close()


def drain(connection):
    sender = connection.create_sender("drained")
    sender.send(Message(body="only one"))
    receiver = connection.create_receiver("drained", credit=0)
    receiver.link.drain(10)
    connection.wait(lambda: receiver.link.credit == 0, msg="Draining")
    equal(receiver.receive().body, "only one")
    receiver.accept()
    receiver.close()
    sender.close()


def sessions(connection):
    sender = connection.create_sender("baskets")
    for basket in ["a", "b", "c"]:
        sender.send(Message(body=basket, group_id=basket))
    equal(raises(SendException, lambda: sender.send(Message(body="none"))).state, Delivery.REJECTED)
    name = symbol("com.microsoft:session-filter")
    asked = [("a", "a"), (Described(name, "b"), "b"), (None, "c")]
    receivers = []
    for session, expected in asked:
        filtered = Filter({name: session})
        # The library would name links by their address, and one name is one link.
        receiver = connection.create_receiver("baskets", credit=1, name=f"basket-{expected}", options=filtered)
        equal(receiver.receive().body, expected)
        receiver.accept()
        receivers.append(receiver)
    taken = raises(LinkDetached, lambda: connection.create_receiver("baskets", name="late", options=Filter({name: "a"})))
    equal(taken.condition, "com.microsoft:session-cannot-be-locked")
    for receiver in receivers:
        receiver.close()
    sender.close()


def subscriptions(connection):
    sender = connection.create_sender("prices")
    for pounds in [5, 15]:
        sender.send(Message(subject="price", body=pounds, properties={"pounds": pounds}))
    for path, expected in [("prices/Subscriptions/all", [5, 15]), ("prices/subscriptions/high", [15])]:
        receiver = connection.create_receiver(path, credit=10)
        for pounds in expected:
            equal(receiver.receive().body, pounds)
            receiver.accept()
        raises(Timeout, lambda: receiver.receive(timeout=NOTHING_COMES))
        receiver.close()
    sender.close()


def not_found(connection):
    for attach in [connection.create_sender, connection.create_receiver]:
        error = raises(LinkDetached, lambda: attach("nowhere"))
        equal(error.condition, "amqp:not-found")
        matches(str(error), r"The messaging entity '\S*nowhere' could not be found")
    # The connection has taken no harm.
    connection.create_sender("orders").close()


class Management:
    """The management node of an entity."""

    def __init__(self, connection, entity):
        self.exchange = SyncRequestResponse(connection, f"{entity}/$management")

    def call(self, operation, body):
        response = self.exchange.call(Message(body=body, properties={"operation": operation}))
        return response.properties["statusCode"], response.body

    def close(self):
        self.exchange.sender.close()
        self.exchange.receiver.close()


def decoded(data):
    message = Message()
    message.decode(data)
    return message


def longs(values):
    return Array(UNDESCRIBED, Data.LONG, *values)
