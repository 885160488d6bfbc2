"""What Prometheus scrapes is right by its own parser, and hostile clients of the endpoint cost little."""

from __future__ import annotations

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from mandible.device.daemon.bounded_client import Limits
from mandible.device.daemon.bounded_http import parse_address
from mandible.device.daemon.metrics import Metrics
from mandible.device.daemon.snapshot import Snapshot
from mandible.errors import DeviceError, InputError
from tests.daemon.standing import snapshot

QUICK = Limits(clients=4, input_bytes=8192, output_bytes=1 << 20, idle_s=0.3, stalled_s=0.3)
LIMIT_S = 10


@pytest.fixture
def endpoint() -> Iterator[Metrics]:
    with Metrics("127.0.0.1:0", snapshot) as metrics:
        yield metrics


def scraped(url: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=LIMIT_S) as answer:
        return str(answer.read().decode())


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def raw(endpoint: Metrics) -> socket.socket:
    place = urlsplit(endpoint.url)
    return socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=LIMIT_S)


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionError):
        while data := connection.recv(65536):
            received += data
    return received


def test_a_scrape_says_how_the_line_stands(endpoint: Metrics) -> None:
    told = samples(scraped(endpoint.url))
    for name, value in {
        "mandible_hops_total": 42,
        "mandible_dropped_hops_total": 3,
        "mandible_gate_open": 1,
        "mandible_source_listening": 1,
        "mandible_source_reconnects_total": 1,
        "mandible_link_up": 1,
        "mandible_link_sent_total": 40,
        "mandible_link_lost_total": 1,
        "mandible_link_bad_frames_total": 6,
        "mandible_link_round_trip_p99_seconds": 0.003,
        "mandible_temperature_celsius": 51.5,
        "mandible_power_watts": 4.2,
        "mandible_openness_ratio": 0.8,
        "mandible_arousal_ratio": 0.2,
        "mandible_speaker_running": 1,
        "mandible_speaker_delay_seconds": 0.05,
        "mandible_speaker_underruns_total": 3,
        "mandible_delay_seconds": 0.0475,
        "mandible_reloads_total": 2,
        "mandible_refused_reloads_total": 1,
        "mandible_hop_seconds_count": 2,
    }.items():
        assert told[name, ()] == pytest.approx(value), name
    assert told["mandible_mode", (("mode", "live"),)] == 1
    assert told["mandible_mode", (("mode", "muted"),)] == 0
    assert told["mandible_throttled", (("reason", "undervoltage"),)] == 1
    assert told["mandible_link_refusals_total", (("reason", "late"),)] == 4
    build = (("engine", "c"), ("model", "small"), ("version", "0.1.0"))
    assert told["mandible_build_info", build] == 1
    assert told["process_resident_memory_bytes", ()] > 1e6


def test_the_classes_of_a_stage_count_up_to_all_of_it(endpoint: Metrics) -> None:
    told = samples(scraped(endpoint.url))
    front_end = {
        float(dict(labels)["le"]): value
        for (name, labels), value in told.items()
        if name == "mandible_stage_seconds_bucket" and dict(labels)["stage"] == "front_end"
    }
    # 15 µs, 25 µs and 3 ms went in.
    counts = [front_end[bound_s] for bound_s in sorted(front_end)]
    assert counts == sorted(counts)
    assert front_end[1e-5] == 0
    assert front_end[float("inf")] == 3
    assert max(value for bound_s, value in front_end.items() if bound_s < 2.9e-3) == 2
    assert min(value for bound_s, value in front_end.items() if bound_s > 3.2e-3) == 3
    assert told["mandible_stage_seconds_sum", (("stage", "front_end"),)] == pytest.approx(0.00304)
    assert 10 < len(front_end) < 20


def test_openmetrics_is_spoken_too(endpoint: Metrics) -> None:
    text = scraped(endpoint.url, Accept="application/openmetrics-text; version=1.0.0")
    names = {family.name for family in parse_openmetrics(text)}  # type: ignore[no-untyped-call]
    assert {"mandible_hops", "mandible_stage_seconds", "mandible_build"} <= names


def test_what_is_not_known_is_left_out() -> None:
    bare = snapshot(hop=None, link=None, speaker=None, telemetry=None, stages={})
    with Metrics("127.0.0.1:0", lambda: bare) as metrics:
        names = {name for name, _ in samples(scraped(metrics.url))}
    assert "mandible_hops_total" in names
    assert not any(name.startswith(("mandible_link", "mandible_gate", "mandible_temp")) for name in names)


def test_the_line_is_asked_only_when_somebody_scrapes_and_not_by_a_flood() -> None:
    asked = []

    def counted() -> Snapshot:
        asked.append(time.monotonic())
        return snapshot()

    with Metrics("127.0.0.1:0", counted) as metrics:
        assert asked == []
        began_s = time.monotonic()
        for _ in range(50):
            scraped(metrics.url)
        assert len(asked) <= 2 + (time.monotonic() - began_s) / 0.25


@pytest.mark.parametrize(
    ("request_line", "code"),
    [
        (b"GET / HTTP/1.1", b"200"),
        (b"GET /metrics?x=%00 HTTP/1.0", b"200"),
        (b"GET /etc/passwd HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"501"),
        (b"GET /metrics HTTP/9.9", b"505"),
        (b"nonsense", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET /x" + b"/" * 7000 + b" HTTP/1.1", b"404"),
    ],
)
def test_other_requests_get_a_short_answer(endpoint: Metrics, request_line: bytes, code: bytes) -> None:
    with raw(endpoint) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        answer = rest_of(connection)
    assert code in answer.split(b"\r\n")[0] or code in answer[:400]
    assert scraped(endpoint.url)


def test_a_head_request_gets_no_body(endpoint: Metrics) -> None:
    with raw(endpoint) as connection:
        connection.sendall(b"HEAD /metrics HTTP/1.1\r\n\r\n")
        head, _, body = rest_of(connection).partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert body == b""


@pytest.mark.parametrize(
    "accept", ["application/openmetrics-text;version=" + "9" * 50, ";;,;q=", "\xff" * 99]
)
def test_a_strange_wish_for_a_format_gets_a_page(endpoint: Metrics, accept: str) -> None:
    with raw(endpoint) as connection:
        connection.sendall(f"GET /metrics HTTP/1.1\r\nAccept: {accept}\r\n\r\n".encode())
        assert b"mandible_hops" in rest_of(connection)


def test_slow_and_silent_clients_do_not_keep_scrapers_out() -> None:
    with Metrics("127.0.0.1:0", snapshot, QUICK) as metrics, ExitStack() as stack:
        slow = [stack.enter_context(raw(metrics)) for _ in range(20)]
        for connection in slow[::2]:
            with suppress(OSError):
                connection.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        until_s = time.monotonic() + LIMIT_S
        while True:
            with suppress(urllib.error.URLError, OSError):
                assert "mandible_hops" in scraped(metrics.url)
                break
            assert time.monotonic() < until_s
        assert all(not rest_of(connection).startswith(b"HTTP/1.0 200") for connection in slow)


def test_one_that_never_ends_its_request_is_cut_off() -> None:
    with Metrics("127.0.0.1:0", snapshot, QUICK) as metrics, raw(metrics) as endless:
        began_s = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began_s < LIMIT_S:
                endless.sendall(b"X: y\r\n")
                time.sleep(0.001)
        assert time.monotonic() - began_s < 3


def test_clients_of_many_threads_leave_no_thread_behind(endpoint: Metrics) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(raw(endpoint))
        assert threading.active_count() == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600))
def test_no_bytes_stop_it(endpoint: Metrics, data: bytes) -> None:
    with raw(endpoint) as connection:
        connection.sendall(data + b"\r\n\r\n")
        rest_of(connection)
    assert "mandible_hops" in scraped(endpoint.url)


def test_a_snapshot_that_stumbles_is_an_error_page() -> None:
    def stumbling() -> Snapshot:
        raise RuntimeError("secret")

    with Metrics("127.0.0.1:0", stumbling) as metrics:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as caught:
                scraped(metrics.url)
            assert caught.value.code == 500


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("localhost:1", ("127.0.0.1", 1)),
        (":9464", ("127.0.0.1", 9464)),
        ("9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
    ],
)
def test_an_address_is_loopback_unless_it_says_otherwise(text: str, place: tuple[str, int]) -> None:
    assert parse_address(text, "--metrics") == place


@pytest.mark.parametrize(
    "text", ["", "x", "127.0.0.1", "127.0.0.1:", "host:99", "1.2.3.4:65536", "::1", ":-1", ":٣"]
)
def test_another_address_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"give an address and a port, such as 127.0.0.1:9464"):
        parse_address(text, "--metrics")


def test_a_port_that_is_taken_is_one_line(endpoint: Metrics) -> None:
    taken = urlsplit(endpoint.url).netloc
    with pytest.raises(InputError, match=r"already in use; choose another"):
        Metrics(taken, snapshot)


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    with pytest.raises(DeviceError, match="pip install prometheus_client"):
        Metrics("127.0.0.1:0", snapshot)
