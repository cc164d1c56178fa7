#!/usr/bin/env python3
"""Writes the vectors of this folder. A second implementation of the formats, from their descriptions only.

python3 generate.py && git diff --exit-code .
"""
import copy, hashlib, json, struct
from pathlib import Path

RUNTIME = 0x08000001
sha256 = lambda b: hashlib.sha256(b).digest()
sha384 = lambda b: hashlib.sha384(b).digest()


def keccak256(message):
    """Keccak[512] with the original padding, straight from the reference description."""
    mask = (1 << 64) - 1
    rol = lambda v, n: ((v << n % 64) | (v >> (64 - n % 64))) & mask if n % 64 else v
    def permute(a):
        lfsr = 1
        for _ in range(24):
            c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
            d = [c[(x - 1) % 5] ^ rol(c[(x + 1) % 5], 1) for x in range(5)]
            a = [[a[x][y] ^ d[x] for y in range(5)] for x in range(5)]
            x, y, current = 1, 0, a[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, a[x][y] = a[x][y], rol(current, (t + 1) * (t + 2) // 2)
            for y in range(5):
                row = [a[x][y] for x in range(5)]
                for x in range(5):
                    a[x][y] = row[x] ^ (~row[(x + 1) % 5] & mask & row[(x + 2) % 5])
            for j in range(7):
                lfsr = ((lfsr << 1) ^ ((lfsr >> 7) * 0x71)) % 256
                if lfsr & 2:
                    a[0][0] ^= 1 << ((1 << j) - 1)
        return a
    rate = 136
    padded = bytearray(message + b"\x01")
    padded += bytes(-len(padded) % rate)
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for block in range(0, len(padded), rate):
        for i in range(rate // 8):
            state[i % 5][i // 5] ^= int.from_bytes(padded[block + 8 * i:block + 8 * i + 8], "little")
        state = permute(state)
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def preimage(name, payload, version):
    if version == 1:
        return struct.pack("<I", RUNTIME) + b":" + name.encode() + b":" + payload
    body = {"name": name, "payload": payload.hex(), "type": RUNTIME}
    return json.dumps(body, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def runtime(name, payload=b"", version=1, **more):
    event = {"imr": 3, "event_type": RUNTIME, "digest": sha384(preimage(name, payload, version)).hex(),
             "event": name, "event_payload": payload.hex()}
    if version != 1:
        event["version"] = version
    return event | more


def boot(imr, event_type, payload, digest=None, label=""):
    return {"imr": imr, "event_type": event_type, "digest": (digest or sha384(payload)).hex(), "event": label,
            "event_payload": payload.hex()}


def variable(name, data):
    return bytes(16) + struct.pack("<QQ", len(name), len(data)) + name.encode("utf-16-le") + data


COMPOSE = sha256(b"a compose that exists nowhere")
APP = sha256(b"an application")[:20]
INSTANCE = sha256(b"an instance")[:20]
KMS_KEY = b"not a real key, only its place"
POLICY = sha256(b"{}")
SCRIPTS = [sha256(b"first script"), sha256(b"second script")]
PROVIDER = json.dumps({"name": "kms", "id": KMS_KEY.hex()}, separators=(",", ":")).encode()

BOOT = [
    boot(0, 0x8000000B, b"TdxTable", sha384(b"td hob")),
    boot(0, 0x8000000A, b"cfv", sha384(b"configuration volume")),
    boot(0, 0x80000001, variable("SecureBoot", b"")),
    boot(0, 4, bytes(4)),
    boot(1, 0x80000003, b"load event", sha384(b"kernel")),
    boot(0, 0x0A, b"ACPI DATA", sha384(b"loader"), "acpi-loader"),
    boot(0, 0x0A, b"ACPI DATA", sha384(b"rsdp"), "acpi-rsdp"),
    boot(0, 0x0A, b"ACPI DATA", sha384(b"tables"), "acpi-tables"),
    boot(0, 0x80000002, variable("BootOrder", bytes(2)), sha384(bytes(2))),
    boot(1, 0x80000007, b"Calling EFI Application from Boot Option"),
    boot(1, 4, bytes(4)),
    boot(2, 6, b"tag LOADED_IMAGE::LoadOptions", sha384(b"command line")),
    boot(2, 6, b"tag Linux initrd", sha384(b"initrd")),
    boot(1, 0x80000007, b"Exit Boot Services Invocation"),
    boot(1, 0x80000006, b"partition table"),
]


def runtime_events(version=1):
    names = [("system-preparing", b""), ("app-id", APP), ("compose-hash", COMPOSE)]
    names += [("init-script-hash", script) for script in SCRIPTS]
    names += [("gpu-policy-hash", POLICY), ("instance-id", INSTANCE), ("boot-mr-done", b""),
              ("mr-kms", sha256(b"kms")), ("os-image-hash", sha256(b"image")), ("key-provider", PROVIDER),
              ("storage-fs", b"zfs"), ("system-ready", b"")]
    return [runtime(name, payload, version) for name, payload in names]


def fold(log):
    registers = [bytes(48)] * 4
    for event in log:
        if event["imr"] > 3:
            continue
        digest = bytes.fromhex(event["digest"] or "")
        if event["event_type"] == RUNTIME:
            payload = bytes.fromhex(event["event_payload"])
            digest = sha384(preimage(event["event"], payload, event.get("version", 1)))
        registers[event["imr"]] = sha384(registers[event["imr"]] + digest)
    return registers


GENUINE = BOOT + runtime_events()
QUOTED = fold(GENUINE)
tests = []


def case(id, comment, log, flags=(), quoted=None, reason=None, **more):
    """`log`: a list of events, or the exact text. `quoted`: registers; default: those of the genuine machine."""
    text = log if isinstance(log, str) else json.dumps(log, separators=(",", ":"), ensure_ascii=False)
    test = {"id": id, "comment": comment, "flags": list(flags), "log": text,
            "quoted": [register.hex() for register in (quoted or QUOTED)],
            "result": "invalid" if reason else "valid"}
    if reason:
        test["reason"] = reason
    tests.append(test | more)


def edited(edit, log=GENUINE):
    log = copy.deepcopy(log)
    return edit(log) or log


def position(log, name):
    return next(i for i, event in enumerate(log) if event["event"] == name)


def with_event(name, **change):
    return edited(lambda log: log[position(log, name)].update(change))


def replaced(name, *events):
    """The log of a machine that really measured these events in place of one."""
    def edit(log):
        at = position(log, name)
        return log[:at] + [copy.deepcopy(event) for event in events] + log[at + 1:]
    return edited(edit)


def measured(id, comment, log, **more):
    """A log that replays: the machine really measured it. Stripped to RTMR3, which is what these are about."""
    case(id, comment, [event for event in log if event["imr"] == 3], quoted=fold(log), **more)


IDENTITY = {"app_id": APP.hex(), "compose_hash": COMPOSE.hex(), "instance_id": INSTANCE.hex(),
            "key_provider": "kms", "key_provider_id": KMS_KEY.hex()}

# --- what is genuine ---------------------------------------------------------------------------------------
case("genuine", "all digests present", GENUINE, ["Genuine"], identity=IDENTITY)
case("digests-stripped", "run-time digests left out", edited(
    lambda log: [event | ({"digest": ""} if event["imr"] == 3 else {}) for event in log]), ["Genuine", "Stripped"],
    identity=IDENTITY)
case("digests-null", "run-time digests null", edited(
    lambda log: [event | ({"digest": None} if event["imr"] == 3 else {}) for event in log]), ["Genuine", "Stripped"],
    identity=IDENTITY)
case("payloads-stripped", "boot payloads left out, as GetQuote does", edited(
    lambda log: [event | ({"event_payload": ""} if event["imr"] < 3 else {}) for event in log]),
    ["Genuine", "Stripped"], identity=IDENTITY)
case("only-acpi-left", "stripped to the ACPI events and RTMR3, as attestation containers are", edited(
    lambda log: [event for event in log if event["imr"] == 3 or event["event_type"] == 10]), ["Genuine", "Stripped"],
    identity=IDENTITY, registers=["stripped", "stripped", "stripped", "match"])
case("only-rtmr3-left", "stripped to RTMR3", edited(lambda log: [e for e in log if e["imr"] == 3]),
     ["Genuine", "Stripped"], identity=IDENTITY, registers=["stripped", "stripped", "stripped", "match"])
case("upper-case-hex", "hex in upper case", edited(
    lambda log: [e | {"digest": e["digest"].upper(), "event_payload": e["event_payload"].upper()} for e in log]),
    ["Genuine"], identity=IDENTITY)
case("unknown-members", "members that nobody knows are ignored", edited(
    lambda log: [e | {"extra": {"deep": [[1], "]"]}} for e in log]), ["Genuine"], identity=IDENTITY)
case("registers-interleaved", "the order between registers is not measured", edited(
    lambda log: sorted(log, key=lambda event: -event["imr"])), ["Genuine"], identity=IDENTITY)
V2 = BOOT + runtime_events(2)
measured("version-two", "version 2 digests without preimages", V2, flags=["Genuine", "V2"], identity=IDENTITY)
measured("version-two-preimages", "version 2 digests with preimages", [
    e | ({"preimage": preimage(e["event"], bytes.fromhex(e["event_payload"]), 2).hex()} if e["imr"] == 3 else {})
    for e in V2], flags=["Genuine", "V2"], identity=IDENTITY)
measured("versions-mixed", "versions mixed in one log", BOOT + [
    event if n % 2 else other for n, (event, other) in enumerate(zip(runtime_events(1), runtime_events(2)))],
    flags=["Genuine", "V2"], identity=IDENTITY)
case("version-one-preimage", "version 1 with its preimage and tag", with_event(
    "app-id", version=1, preimage=preimage("app-id", APP, 1).hex()), ["Genuine"], identity=IDENTITY)
measured("without-instance-id", "instance id switched off", replaced("instance-id", runtime("instance-id")),
         flags=["Genuine"], identity=IDENTITY | {"instance_id": None})
measured("oldest-accepted", "0.5.0 form: rootfs-hash, no optional event", BOOT + [
    runtime(n, p) for n, p in [("system-preparing", b""), ("rootfs-hash", bytes(32)), ("app-id", APP),
                               ("compose-hash", COMPOSE), ("instance-id", INSTANCE), ("boot-mr-done", b""),
                               ("key-provider", PROVIDER), ("system-ready", b"")]],
    flags=["Genuine"], identity=IDENTITY)
measured("application-event", "an event that the application made", GENUINE + [runtime("image-digest", bytes(32))],
         flags=["Genuine", "AfterReady"], identity=IDENTITY, notices=["events-after-system-ready"])
measured("application-event-colon", "an application may use a colon", GENUINE + [runtime("a:b", b"c")],
         flags=["Genuine", "AfterReady"], identity=IDENTITY, notices=["events-after-system-ready"])
measured("unknown-boot-event", "a boot event of a later dstack", replaced(
    "boot-mr-done", runtime("later-event", b"x"), runtime("boot-mr-done")), flags=["Genuine"], identity=IDENTITY,
    notices=["identity-event-unknown"])
measured("unknown-key-provider", "a key provider of a later dstack", replaced(
    "key-provider", runtime("key-provider", b'{"name":"later","id":"00ff"}')), flags=["Genuine"],
    identity=IDENTITY | {"key_provider": "later", "key_provider_id": "00ff"}, notices=["key-provider-unknown"])
case("label-of-boot-event", "a boot event's label is not measured and not kept", edited(
    lambda log: log[0].update(event="compose-hash")), ["Genuine"], identity=IDENTITY)

# --- attacks on digests and registers ----------------------------------------------------------------------
OTHER = sha256(b"another compose")
case("payload-changed", "payload changed, old digest kept", with_event("compose-hash", event_payload=OTHER.hex()),
     ["Attack"], reason="event-digest-mismatch")
case("payload-changed-no-digest", "payload changed, digest left out", with_event(
    "compose-hash", event_payload=OTHER.hex(), digest=""), ["Attack"], reason="rtmr-mismatch")
case("payload-and-digest-changed", "payload and digest changed", replaced(
    "compose-hash", runtime("compose-hash", OTHER)), ["Attack"], reason="rtmr-mismatch")
case("name-changed", "name changed, old digest kept", with_event("mr-kms", event="compose-hash"), ["Attack"],
     reason="event-digest-mismatch")
case("boot-payload-changed", "payload of an EFI action changed", edited(
    lambda log: log[9].update(event_payload=b"Something else".hex())), ["Attack"], reason="event-digest-mismatch")
case("boot-variable-changed", "data of a boot variable changed", edited(
    lambda log: log[8].update(event_payload=variable("BootOrder", b"\1\0").hex())), ["Attack"],
    reason="event-digest-mismatch")
case("boot-variable-lengths", "a boot variable whose lengths do not add up", edited(
    lambda log: log[8].update(event_payload=log[8]["event_payload"] + "00")), ["Attack"],
    reason="event-digest-mismatch")
case("register-seven", "an extra event in register 7 with another compose", [
    runtime("compose-hash", OTHER, imr=7)] + GENUINE, ["Attack"], reason="event-register-unknown")
case("register-wraps", "a register that is 3 after truncation to 8 bits", with_event("compose-hash", imr=259),
     ["Attack"], reason="event-register-unknown")
case("moved-to-rtmr2", "a run-time event moved to RTMR2", with_event("compose-hash", imr=2), ["Attack"],
     reason="event-register-wrong")
case("boot-event-in-rtmr3", "a boot event in RTMR3", edited(lambda log: log[9].update(imr=3)), ["Attack"],
     reason="event-register-wrong")
case("moved-between-boot-registers", "a boot event moved from RTMR1 to RTMR0", edited(
    lambda log: log[9].update(imr=0)), ["Attack"], reason="rtmr-mismatch")
case("type-changed-to-boot", "a run-time event dressed as a boot event of RTMR3", with_event(
    "compose-hash", event_type=4), ["Attack"], reason="event-register-wrong")
case("another-machine", "the log of another machine", replaced(
    "instance-id", runtime("instance-id", sha256(b"another instance")[:20])), ["Attack"], reason="rtmr-mismatch")
case("version-two-digest-untagged", "a version 2 digest without the tag", replaced(
    "compose-hash", {k: v for k, v in runtime("compose-hash", COMPOSE, 2).items() if k != "version"}),
    ["Attack", "V2"], reason="event-digest-mismatch")
case("version-one-digest-tagged-two", "a version 1 digest tagged as version 2", with_event(
    "compose-hash", version=2), ["Attack", "V2"], reason="event-digest-mismatch")
case("version-three", "an unknown version", with_event("compose-hash", version=3), ["Attack", "V2"],
     reason="event-log-malformed")
case("preimage-differs", "a preimage of something else", replaced("compose-hash", runtime(
    "compose-hash", COMPOSE, 2, preimage=preimage("compose-hash", OTHER, 2).hex())), ["Attack", "V2"],
    reason="event-digest-mismatch")
case("preimage-reordered", "a preimage with the same members in another order", replaced(
    "compose-hash", runtime("compose-hash", COMPOSE, 2, preimage=json.dumps(
        {"type": RUNTIME, "name": "compose-hash", "payload": COMPOSE.hex()}, separators=(",", ":")).encode().hex())),
    ["Attack", "V2"], reason="event-digest-mismatch")
case("preimage-of-boot-event", "a preimage at a boot event", edited(lambda log: log[0].update(preimage="00")),
     ["Attack"], reason="event-log-malformed")
case("event-dropped", "an event dropped", edited(lambda log: log[:-1]), ["Attack"], reason="rtmr-mismatch")
case("event-repeated", "an event repeated", GENUINE + [GENUINE[-1]], ["Attack"], reason="rtmr-mismatch")
case("order-swapped", "two run-time events swapped", edited(
    lambda log: log[:16] + [log[17], log[16]] + log[18:]), ["Attack"], reason="rtmr-mismatch")
case("boot-order-swapped", "two boot events swapped", edited(lambda log: [log[1], log[0]] + log[2:]), ["Attack"],
     reason="rtmr-mismatch")
case("boot-register-partial", "RTMR1 without one of its events", edited(lambda log: log[:9] + log[10:]), ["Attack"],
     reason="rtmr-mismatch")
case("rtmr3-stripped", "RTMR3 without its events", BOOT, ["Attack"], reason="rtmr-mismatch")
case("only-acpi-left-and-one-more", "three ACPI events and a fourth event in RTMR0", edited(
    lambda log: [e for e in log if e["imr"] == 3 or e["event_type"] == 10 or e == BOOT[0]]), ["Attack"],
    reason="rtmr-mismatch")
case("empty-log", "no events", [], ["Attack"], reason="rtmr-mismatch")
case("empty-log-and-zero-rtmr3", "no run-time events and an RTMR3 of zero: a match without an identity", BOOT,
     ["Attack"], quoted=QUOTED[:3] + [bytes(48)], reason="boot-incomplete")

# --- attacks on the form -----------------------------------------------------------------------------------
GENUINE_TEXT = json.dumps(GENUINE, separators=(",", ":"))
case("truncated", "cut short", GENUINE_TEXT[:-40], ["Malformed"], reason="event-log-malformed")
case("trailing-data", "data after the end", GENUINE_TEXT + "[]", ["Malformed"], reason="event-log-malformed")
case("not-an-array", "an object", "{}", ["Malformed"], reason="event-log-malformed")
case("array-in-string", "a JSON string that holds the array: the caller unwraps it", json.dumps(GENUINE_TEXT),
     ["Malformed"], reason="event-log-malformed")
case("event-not-an-object", "an event that is an array", "[[]]", ["Malformed"], reason="event-log-malformed")
case("duplicate-member", "two payloads, of which two readers take one each", GENUINE_TEXT.replace(
    '"event":"compose-hash"', '"event":"compose-hash","event_payload":"' + OTHER.hex() + '"'), ["Attack"],
    reason="event-log-malformed")
case("duplicate-member-escaped", "two payloads, one name with an escape", GENUINE_TEXT.replace(
    '"event":"compose-hash"', '"event":"compose-hash","event_p\\u0061yload":"' + OTHER.hex() + '"'), ["Attack"],
    reason="event-log-malformed")
case("duplicate-unknown-member", "an unknown member twice", GENUINE_TEXT.replace(
    '"event":"compose-hash"', '"event":"compose-hash","x":1,"x":2'), ["Malformed"], reason="event-log-malformed")
case("nested-deeply", "an unknown member nested a thousand levels", GENUINE_TEXT.replace(
    '"event":"compose-hash"', '"event":"compose-hash","x":' + "[" * 1000 + "]" * 1000), ["Attack"],
    reason="event-log-malformed")
for field in ["imr", "event_type", "event", "event_payload"]:
    case("missing-" + field, "no " + field, edited(lambda log: log[position(log, "app-id")].pop(field) and None),
         ["Malformed"], reason="event-log-malformed")
case("boot-digest-missing", "a boot event without digest", edited(lambda log: log[0].update(digest="")),
     ["Malformed"], reason="event-log-malformed")
case("digest-short", "a digest of 32 bytes", with_event("app-id", digest="00" * 32), ["Malformed"],
     reason="event-log-malformed")
case("payload-odd", "an odd number of hex digits", with_event("app-id", event_payload=APP.hex()[1:]), ["Malformed"],
     reason="event-log-malformed")
case("payload-prefixed", "hex with a prefix", with_event("app-id", event_payload="0x" + APP.hex()), ["Malformed"],
     reason="event-log-malformed")
case("register-float", "a register with a fraction", GENUINE_TEXT.replace('"imr":3', '"imr":3.0', 1), ["Malformed"],
     reason="event-log-malformed")
case("register-negative", "a negative register", GENUINE_TEXT.replace('"imr":3', '"imr":-1', 1), ["Malformed"],
     reason="event-log-malformed")

# --- attacks on the identity: logs that really replay ------------------------------------------------------
for name in ["app-id", "compose-hash", "instance-id", "boot-mr-done", "key-provider", "system-ready"]:
    # Without the last one these are the events of a boot under way, which an honest machine's agent asks quotes for.
    measured("without-" + name + "-event", "no " + name, replaced(name), flags=["Identity"],
             reason="boot-incomplete" if name == "system-ready" else "identity-event-missing")
for name in ["system-preparing", "app-id", "compose-hash", "gpu-policy-hash", "instance-id", "boot-mr-done", "mr-kms",
             "os-image-hash", "key-provider", "storage-fs"]:
    one = GENUINE[position(GENUINE, name)]
    measured("duplicate-" + name, name + " twice", replaced(name, one, one), flags=["Identity"],
             reason="identity-event-duplicate")
measured("duplicate-compose-hash-differs", "a second compose-hash with another value", replaced(
    "compose-hash", runtime("compose-hash", OTHER), runtime("compose-hash", COMPOSE)), flags=["Identity", "Attack"],
    reason="identity-event-duplicate")
measured("six-init-scripts", "more init scripts than dstack runs", replaced(
    "compose-hash", runtime("compose-hash", COMPOSE), *[runtime("init-script-hash", bytes(32))] * 4),
    flags=["Identity"], reason="identity-event-duplicate")
measured("compose-hash-before-app-id", "order swapped", edited(
    lambda log: log[:16] + [log[17], log[16]] + log[18:]), flags=["Identity"], reason="identity-event-order")
measured("instance-id-after-boot-mr-done", "order swapped around boot-mr-done", edited(
    lambda log: log[:21] + [log[22], log[21]] + log[23:]), flags=["Identity"], reason="identity-event-order")
measured("key-provider-before-app-id", "key provider first", edited(
    lambda log: log[:16] + [log[25]] + log[16:25] + log[26:]), flags=["Identity"], reason="identity-event-order")
for name, payload in [("app-id", APP + b"\0"), ("app-id", b""), ("app-id", APP.hex().encode()),
                      ("compose-hash", COMPOSE[:31]), ("compose-hash", COMPOSE + b"\0"),
                      ("instance-id", INSTANCE[:19]), ("boot-mr-done", b"\0"), ("system-ready", b"\0"),
                      ("system-preparing", b"\0"), ("mr-kms", bytes(31)), ("os-image-hash", bytes(48)),
                      ("gpu-policy-hash", b""), ("storage-fs", b""), ("storage-fs", b"zfs\n"),
                      ("key-provider", b"")]:
    measured("length-" + name + "-" + str(len(payload)), "wrong length or form of " + name, replaced(
        name, runtime(name, payload)), flags=["Identity"], reason="identity-event-length")
for id, payload in [("duplicate", b'{"name":"none","name":"kms","id":"00"}'), ("trailing", PROVIDER + b"{}"),
                    ("unknown", b'{"name":"kms","id":"00","x":0}'), ("not-hex", b'{"name":"kms","id":"zz"}'),
                    ("kms-without-id", b'{"name":"kms","id":""}'), ("none-with-id", b'{"name":"none","id":"00"}'),
                    ("not-utf8", b'{"name":"kms\xff","id":"00"}'), ("array", b'["kms","00"]')]:
    measured("key-provider-" + id, "malformed key provider", replaced("key-provider", runtime(
        "key-provider", payload)), flags=["Identity"], reason="identity-event-length")
RESERVED = GENUINE + [runtime("compose-hash", OTHER), runtime("system-ready"), runtime("app-id", bytes(20))]
measured("reserved-after-ready", "reserved names after system-ready are ignored", RESERVED,
         flags=["AfterReady", "Attack"], identity=IDENTITY, notices=["reserved-event-after-system-ready"] * 3)
measured("identity-after-ready", "the identity only after system-ready", BOOT + [
    runtime("system-preparing"), runtime("system-ready")] + runtime_events()[1:-1], flags=["AfterReady", "Attack"],
    reason="identity-event-missing")
SPLIT = PROVIDER.index(b":")
measured("colon-moves-key-provider", "the key provider shown under a name that has part of its payload: same digest", edited(
    lambda log: log[position(log, "key-provider")].update(
        event="key-provider:" + PROVIDER[:SPLIT].decode(), event_payload=PROVIDER[SPLIT + 1:].hex())),
    flags=["Attack"], reason="identity-event-ambiguous")
ATTESTATION = b'{"version":2,"devices":8}'
GPU = replaced("gpu-policy-hash", runtime("gpu-policy-hash", POLICY), runtime("gpu-attestation", ATTESTATION))
measured("gpu-attestation", "a GPU attestation", GPU, flags=["Genuine"], identity=IDENTITY)
HIDDEN = ATTESTATION.index(b":")
measured("colon-hides-gpu-attestation", "an optional event hidden in the name of an unknown one: same digest", edited(
    lambda log: log[position(log, "gpu-attestation")].update(
        event="gpu-attestation:" + ATTESTATION[:HIDDEN].decode(), event_payload=ATTESTATION[HIDDEN + 1:].hex()), GPU),
    flags=["Attack"], reason="identity-event-ambiguous")
AFTER = GENUINE + [runtime("app-id", b"one:two")]
measured("colon-hides-reserved-name", "a reserved name after system-ready shown with a colon", edited(
    lambda log: log[-1].update(event="app-id:one", event_payload=b"two".hex()), AFTER),
    flags=["AfterReady", "Attack"], identity=IDENTITY, notices=["reserved-event-after-system-ready"])

# --- MRCONFIGID --------------------------------------------------------------------------------------------
pad = lambda version, digest: bytes([version]) + digest + bytes(15)
V3_DOCUMENT = {"version": 3, "app_id": APP.hex(), "compose_hash": COMPOSE.hex(), "gpu_policy_hash": POLICY.hex(),
               "key_provider": "kms", "key_provider_id": KMS_KEY.hex(), "instance_id": INSTANCE.hex(),
               "init_script_hashes": [script.hex() for script in SCRIPTS]}
v3 = lambda document: pad(3, sha256(b"dstack-mr-config-v3:\0" + document))
two = lambda compose=COMPOSE, app=APP, kind=2, key=KMS_KEY: pad(2, keccak256(compose + app + bytes([kind]) + key))


def config(id, comment, value, flags=(), reason=None, document=None):
    more = {"document": document.decode("latin-1")} if document is not None else {}
    case("config-id-" + id, comment, runtime_events(), ["MrConfigId", *flags], reason=reason, config_id=value.hex(), **more)


config("zero", "no commitment", bytes(48), reason="mrconfigid-zero")
config("v1", "the compose hash", pad(1, COMPOSE))
config("v1-other-compose", "another compose", pad(1, OTHER), ["Attack"], "mrconfigid-mismatch")
config("v1-padding", "a byte after the commitment", pad(1, COMPOSE)[:47] + b"\1", ["Attack"], "mrconfigid-mismatch")
config("v2", "compose, app and key provider", two())
config("v2-padding", "a byte after the commitment", two()[:33] + b"\1" + bytes(14), ["Attack"], "mrconfigid-mismatch")
for id, value in [("compose", two(compose=OTHER)), ("app", two(app=bytes(20))), ("kind", two(kind=1)),
                  ("key", two(key=b"another key")), ("sha3", pad(2, hashlib.sha3_256(COMPOSE + APP + b"\2" + KMS_KEY).digest()))]:
    config("v2-other-" + id, "another " + id, value, ["Attack"], "mrconfigid-mismatch")
encode = lambda document: json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
document = encode(V3_DOCUMENT)
config("v3", "all fields", v3(document), document=document)
config("v3-pretty", "another layout, bound by its own hash", v3(json.dumps(V3_DOCUMENT, indent=1).encode()),
       document=json.dumps(V3_DOCUMENT, indent=1).encode())
minimal = encode({"compose_hash": COMPOSE.hex(), "key_provider": "kms"})
config("v3-minimal", "mandatory fields only", v3(minimal), document=minimal)
config("v3-padding", "a byte after the commitment", v3(document)[:33] + b"\1" + bytes(14), ["Attack"],
       "mrconfigid-mismatch", document)
config("v3-missing", "no document", v3(document), reason="mrconfig-document-missing")
config("v3-other-document", "a document with another hash", v3(document), ["Attack"], "mrconfigid-mismatch", minimal)
config("v3-reformatted", "the same values in another layout", v3(document), ["Attack"], "mrconfigid-mismatch",
       json.dumps(V3_DOCUMENT).encode())
for field, value in [("version", 2), ("app_id", bytes(20).hex()), ("compose_hash", OTHER.hex()),
                     ("gpu_policy_hash", bytes(32).hex()), ("key_provider", "local"), ("key_provider_id", "00"),
                     ("instance_id", ""), ("init_script_hashes", []),
                     ("init_script_hashes", [script.hex() for script in reversed(SCRIPTS)])]:
    other = encode(V3_DOCUMENT | {field: value})
    config("v3-other-" + field.replace("_", "-") + ("-order" if value and isinstance(value, list) else ""),
           "committed document with another " + field, v3(other), ["Attack"], "mrconfigid-mismatch", other)
for id, text in [("unknown", encode(V3_DOCUMENT | {"x": 0})), ("not-json", b"{"), ("not-utf8", b"\xff"),
                 ("duplicate", document.replace(b'{"app_id"', b'{"compose_hash":"' + OTHER.hex().encode() + b'","app_id"')),
                 ("trailing", document + b"{}"), ("no-compose", encode({"key_provider": "kms"})),
                 ("no-provider", encode({"compose_hash": COMPOSE.hex()})), ("null", encode(V3_DOCUMENT | {"app_id": None})),
                 ("not-hex", encode(V3_DOCUMENT | {"app_id": "zz"}))]:
    config("v3-document-" + id, "a committed document that dstack does not accept", v3(text), ["Malformed"],
           "mrconfig-document-malformed", text)
config("v4", "a version of a later dstack", pad(4, COMPOSE), reason="mrconfigid-unknown")
OTHER_PROVIDER = replaced("key-provider", runtime("key-provider", b'{"name":"later","id":"00ff"}'))
measured("config-id-v2-unknown-provider", "version 2 and a key provider without number", OTHER_PROVIDER,
         flags=["MrConfigId"], config_id=two().hex(), reason="mrconfigid-unknown")

# --- CCEL --------------------------------------------------------------------------------------------------
ccel_tests = []
SPEC = b"Spec ID Event03\0" + bytes([0, 0, 0, 0, 0, 2, 0, 2]) + struct.pack("<IHHB", 1, 0x0C, 48, 0)
header = lambda body=SPEC, kind=3, digest=bytes(20): struct.pack("<II", 1, kind) + digest + struct.pack("<I", len(body)) + body
END = b"\xff" * 64


def record(index, event_type, payload, digest=None, algorithm=0x0C, count=1):
    return struct.pack("<IIIH", index, event_type, count, algorithm) + (digest or sha384(payload)) + \
        struct.pack("<I", len(payload)) + payload


RECORDS = [record(e["imr"] + 1, e["event_type"], bytes.fromhex(e["event_payload"]), bytes.fromhex(e["digest"]))
           for e in BOOT]
CCEL = header() + b"".join(RECORDS) + END
CCEL_QUOTED = QUOTED[:3] + [bytes(48)]


def ccel(id, comment, log, flags=(), reason=None, offset=None):
    test = {"id": id, "comment": comment, "flags": list(flags), "log": log.hex(),
            "quoted": [register.hex() for register in CCEL_QUOTED], "result": "invalid" if reason else "valid"}
    if reason:
        test["reason"] = reason
    if offset is not None:
        test["offset"] = offset
    ccel_tests.append(test)


H = len(header())
ccel("genuine", "an area filled up with ff", CCEL, ["Genuine"])
ccel("no-end-mark", "ends with the last record", header() + b"".join(RECORDS), ["Genuine"])
ccel("index-zero", "records of no register are skipped", header() + record(0, 1, b"x") + b"".join(RECORDS) + END, ["Genuine"])
ccel("no-action", "EV_NO_ACTION is not extended", header() + record(1, 3, b"StartupLocality\0", bytes(48)) + b"".join(RECORDS) + END,
     ["Genuine"])
ccel("two-algorithms-listed", "a list with sha256 too", header(SPEC[:24] + struct.pack("<IHHHHB", 2, 0x0B, 32, 0x0C, 48, 0)) +
     b"".join(RECORDS) + END, ["Genuine"])
ccel("bytes-after-end", "what follows the end mark is not read", CCEL + record(1, 4, b"x"), ["Genuine"])
ccel("empty", "no bytes", b"", ["Malformed"], "event-log-malformed", 0)
ccel("header-cut", "ends in the header", CCEL[:40], ["Malformed"], "event-log-malformed", 32)
ccel("header-type", "first record of another type", header(kind=4) + END, ["Malformed"], "event-log-malformed", 0)
ccel("header-digest", "first record with a digest", header(digest=b"\1" * 20) + END, ["Malformed"], "event-log-malformed", 0)
ccel("header-signature", "another signature: the old SHA-1 form", header(b"Spec ID Event02\0" + SPEC[16:]) + END, ["Malformed"],
     "event-log-malformed", 0)
ccel("header-without-sha384", "only sha256 listed", header(SPEC[:24] + struct.pack("<IHHB", 1, 0x0B, 32, 0)) + END,
     ["Malformed"], "event-log-malformed", 32)
ccel("header-list-lies", "a list of four thousand million algorithms", header(SPEC[:24] + struct.pack("<IHH", 0xFFFFFFFF, 0x0C, 48)) + END,
     ["Attack"], "event-log-malformed", 64)
ccel("record-cut", "ends in a digest", CCEL[:H + 30], ["Malformed"], "event-log-malformed", H + 14)
ccel("payload-cut", "a payload longer than the rest", header() + record(1, 4, bytes(4))[:-8] + b"\xff\xff\xff\x7f" + bytes(4),
     ["Attack"], "event-log-malformed", H + 66)
ccel("no-digest", "no digest", header() + record(1, 4, bytes(4), count=0) + END, ["Malformed"], "event-log-malformed", H)
ccel("two-digests", "two digests", header() + record(1, 4, bytes(4), count=2) + END, ["Malformed"], "event-log-malformed", H)
ccel("sha256-digest", "a digest of sha256", header() + record(1, 4, bytes(4), sha256(bytes(4)), 0x0B) + END, ["Attack"],
     "event-digest-algorithm", H + 12)
ccel("unknown-digest", "a digest of no known algorithm", header() + record(1, 4, bytes(4), algorithm=0x7777) + END, ["Attack"],
     "event-digest-algorithm", H + 12)
ccel("register-five", "a register that a TD does not have", header() + record(5, 4, bytes(4)) + END, ["Attack"],
     "event-register-unknown", H)
ccel("boot-event-in-rtmr3", "an event in RTMR3", header() + record(4, 4, bytes(4)) + END, ["Attack"], "event-register-wrong", H)
ccel("run-time-event", "a run-time event: it has no name here", header() + record(1, RUNTIME, b"x") + END, ["Attack"],
     "event-register-wrong", H)
ccel("payload-changed", "payload of a separator changed", header() + record(1, 4, b"\0\0\0\1", sha384(bytes(4))) + END, ["Attack"],
     "event-digest-mismatch", H + 14)
ccel("record-dropped", "a record dropped", header() + b"".join(RECORDS[1:]) + END, ["Attack"], "rtmr-mismatch")
ccel("zero-filled", "zero bytes to the end in place of the end mark, as td-shim wrote before 2023",
     header() + b"".join(RECORDS) + bytes(64), ["Genuine"])
ccel("zeros-before-a-record", "zero bytes in place of the end mark, and a record behind them",
     header() + b"".join(RECORDS) + bytes(64) + RECORDS[0], ["Attack"], "event-log-malformed",
     H + sum(map(len, RECORDS)))

FLAGS = {"Genuine": "what a genuine machine sends", "Stripped": "fields or registers left out to save space",
         "V2": "digests of version 2", "Attack": "a careless verifier says yes", "Malformed": "not of the form",
         "Identity": "replays, but names no application", "AfterReady": "events after system-ready",
         "MrConfigId": "compares MRCONFIGID"}


def write(name, kind, tests):
    assert len({test["id"] for test in tests}) == len(tests), [t["id"] for t in tests]
    used = {flag for test in tests for flag in test["flags"]}
    document = {"schema": "veritee/vectors/v1", "kind": kind, "numberOfTests": len(tests),
                "notes": {flag: text for flag, text in FLAGS.items() if flag in used}, "tests": tests}
    path = Path(__file__).parent / name
    path.write_text(json.dumps(document, indent=1, ensure_ascii=True) + "\n")


write("dstack-json.json", "dstack-json", [t for t in tests if "config_id" not in t])
write("mrconfigid.json", "dstack-json", [t for t in tests if "config_id" in t])
write("ccel.json", "ccel", ccel_tests)
