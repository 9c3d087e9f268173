"""Event Hubs, as a client sees it that knows AMQP 1.0 and nothing of Azure."""

from proton import Described, Delivery, Message, Timeout, symbol, ulong
from proton.reactor import Filter
from proton.utils import LinkDetached, SyncRequestResponse

from checks import equal, raises

NOTHING_COMES = 0.3
SELECTOR = symbol("apache.org:selector-filter:string")


def check_event_hubs(checks, emulator):
    connection = emulator.connect_with_password()
    for name, check in [
        ("sends events to a partition, and reads them after a sequence number", selector),
        ("sends events by key: equal keys, one partition", keys),
        ("reads in a consumer group, from an offset and from the end", positions),
        ("asks what a hub and a partition are", properties),
        ("is refused a hub, a partition and a filter that there is not", refusals),
    ]:
        checks.run(name, lambda check=check: check(connection))
    connection.close()


def selector(connection):
    sender = connection.create_sender("clicks/Partitions/0")
    for number in range(20):
        delivery = sender.send(Message(body=f"click {number}", properties={"number": number}))
        equal(delivery.remote_state, Delivery.ACCEPTED)
    # Clients describe the filter by its name or by its code.
    for descriptor in [SELECTOR, ulong(0x0000468C00000004)]:
        reader = reader_of(connection, 0, "amqp.annotation.x-opt-sequence-number > '14'", descriptor=descriptor)
        equal(bodies(reader, 5), [f"click {number}" for number in range(15, 20)])
        raises(Timeout, lambda: reader.receive(timeout=NOTHING_COMES))
        reader.close()
    sender.close()


def keys(connection):
    sender = connection.create_sender("clicks")
    for number in range(10):
        sender.send(Message(body=f"keyed {number}", annotations={symbol("x-opt-partition-key"): "shop-7"}))
    found = []
    for partition in [0, 1]:
        reader = reader_of(connection, partition, "amqp.annotation.x-opt-offset > '-1'")
        while True:
            try:
                message = reader.receive(timeout=NOTHING_COMES)
            except Timeout:
                break
            if message.annotations.get("x-opt-partition-key") == "shop-7":
                found.append((partition, message.body))
        reader.close()
    equal([body for _, body in found], [f"keyed {number}" for number in range(10)])
    equal(len({partition for partition, _ in found}), 1)
    sender.close()


def positions(connection):
    oldest = reader_of(connection, 0, "amqp.annotation.x-opt-offset > '-1'", group="audit")
    first, second = oldest.receive(), oldest.receive()
    equal((first.body, second.body), ("click 0", "click 1"))
    oldest.close()
    offset = first.annotations["x-opt-offset"]
    inclusive = reader_of(connection, 0, f"amqp.annotation.x-opt-offset >= '{offset}'", group="audit")
    equal(inclusive.receive().body, "click 0")
    inclusive.close()
    latest = reader_of(connection, 0, "amqp.annotation.x-opt-offset > '@latest'", group="audit")
    raises(Timeout, lambda: latest.receive(timeout=NOTHING_COMES))
    sender = connection.create_sender("clicks/Partitions/0")
    sender.send(Message(body="newest"))
    equal(latest.receive().body, "newest")
    latest.close()
    sender.close()


def properties(connection):
    management = SyncRequestResponse(connection, "$management")
    hub = management.call(read("com.microsoft:eventhub")).body
    equal((hub["name"], hub["partition_count"], list(hub["partition_ids"].elements)), ("clicks", 2, ["0", "1"]))
    partition = management.call(read("com.microsoft:partition", partition="0")).body
    equal((partition["begin_sequence_number"], partition["is_partition_empty"]), (0, False))
    missing = management.call(read("com.microsoft:partition", partition="7"))
    equal(missing.properties["status-code"] >= 400, True)


def refusals(connection):
    error = raises(LinkDetached, lambda: connection.create_receiver("nowhere/ConsumerGroups/$Default/Partitions/0"))
    equal(error.condition, "amqp:not-found")
    error = raises(LinkDetached, lambda: reader_of(connection, 9, "amqp.annotation.x-opt-offset > '-1'"))
    equal(error.condition, "com.microsoft:argument-out-of-range")
    error = raises(LinkDetached, lambda: reader_of(connection, 0, "colour = 'red'"))
    equal(error.condition, "com.microsoft:argument-error")


def reader_of(connection, partition, text, group="$Default", descriptor=SELECTOR):
    address = f"clicks/ConsumerGroups/{group}/Partitions/{partition}"
    return connection.create_receiver(address, credit=100, options=Filter({SELECTOR: Described(descriptor, text)}))


def bodies(reader, count):
    return [reader.receive().body for _ in range(count)]


def read(kind, **more):
    return Message(properties={"operation": "READ", "type": kind, "name": "clicks", **more})
