"""Port URLs of other makers' controllers and of USB plugs: every wrong one shows the right one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from mandible.errors import DeviceError, InputError, MandibleError
from mandible.firmware_bridge.drivers.registry import has_driver, open_driver
from mandible.firmware_bridge.port_forms import FORMS
from mandible.firmware_bridge.port_url import DEFAULT_BAUD, PortUrl, parse_port_url, read_port_url
from mandible.firmware_bridge.ports import open_port

_DMX: dict[str, str | int] = {"first": 1, "bits": 8, "low_us": 500, "high_us": 2500, "off": "hold"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "maestro:///dev/ttyACM0?device=12&crc=1",
            PortUrl("", "maestro", "/dev/ttyACM0", 115_200, "", {"device": 12, "crc": 1}),
        ),
        ("maestro:///dev/ttyACM0", PortUrl("", "maestro", "/dev/ttyACM0", 115_200, "", {"crc": 0})),
        ("ssc32:///dev/ttyUSB0?baud=9600", PortUrl("", "ssc32", "/dev/ttyUSB0", 9600)),
        (
            "dynamixel:///dev/ttyUSB0?baud=1000000&ids=1,2,03",
            PortUrl("", "dynamixel", "/dev/ttyUSB0", 1_000_000, "", {"ids": "1,2,3"}),
        ),
        (
            "pca9685://1/0x41?hz=200",
            PortUrl("", "pca9685", "", DEFAULT_BAUD, "", {"bus": 1, "address": 0x41, "hz": 200}),
        ),
        ("pca9685://10/66", PortUrl("", "pca9685", "", DEFAULT_BAUD, "", {"bus": 10, "address": 66})),
        (
            "sacn://239.255.0.1?universe=1",
            PortUrl("", "sacn", "", DEFAULT_BAUD, "239.255.0.1", {**_DMX, "universe": 1, "priority": 100}),
        ),
        (
            "artnet://node-7.local?universe=32767&bits=16&first=3",
            PortUrl(
                "",
                "artnet",
                "",
                DEFAULT_BAUD,
                "node-7.local",
                {**_DMX, "universe": 32767, "bits": 16, "first": 3},
            ),
        ),
        (
            "usb:2E8A:000a",
            PortUrl("", "usb", "", DEFAULT_BAUD, "", {"vendor": 0x2E8A, "product": 0x000A}),
        ),
        (
            "usb:2e8a:000a:E6-1_4.2?baud=500000",
            PortUrl("", "usb", "", 500_000, "", {"vendor": 0x2E8A, "product": 10, "serial": "E6-1_4.2"}),
        ),
    ],
)
def test_forms(text: str, wanted: PortUrl) -> None:
    url = parse_port_url(text)
    assert (url.text, url.scheme, url.path, url.baud, url.host) == (
        text,
        wanted.scheme,
        wanted.path,
        wanted.baud,
        wanted.host,
    )
    # A later version may add options with a default.
    assert wanted.options.items() <= url.options.items()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("usb:2e8a:a", "four hexadecimal digits each; write usb:2e8a:000a or usb:2e8a:000a:SERIAL"),
        ("usb://2e8a:000a", "four hexadecimal digits each"),
        ("usb:2e8a:000a:a/b", "four hexadecimal digits each"),
        ("maestro:/dev", None),
        ("maestro://dev/ttyACM0", "needs three slashes and its path: maestro:///dev/ttyACM0?device=12&crc=1"),
        ("maestro:///dev/ttyACM0?device=128", "device = 128 is not a device number; it takes 0 to 127"),
        ("maestro:///dev/ttyACM0?crc=yes", "crc = yes is not right; it takes 0 to 1"),
        ("maestro:///dev/ttyACM0?crc=1&crc=0", "crc is there twice; write it once"),
        ("maestro:///dev/ttyACM0#1", "nothing may follow a #; write maestro://"),
        ("maestro:///dev/ttyACM0?" + "&".join(f"a{n}=1" for n in range(99)), "too many options"),
        ("maestro:///" + "a" * 2000, "longer than any port URL; write maestro://"),
        ("dynamixel:///dev/ttyUSB0", "ids is missing; write dynamixel:///dev/ttyUSB0?baud=57600&ids=1,2,3"),
        ("dynamixel:///dev/ttyUSB0?ids=1,1", "it takes 1 to 12 different numbers from 0 to 252"),
        ("dynamixel:///dev/ttyUSB0?ids=", "ids =  is not a list of servo ids"),
        ("feetech:///dev/ttyUSB0?ids=1,,2", "ids = 1,,2 is not a list of servo ids"),
        ("feetech:///dev/ttyUSB0?ids=" + ",".join(map(str, range(13))), "1 to 12 different numbers"),
        ("feetech:///dev/ttyUSB0?ids=1&family=stx", "family = stx is not known; it takes sts or scs"),
        ("firmata:///dev/ttyACM0?pins=²", "pins = ² is not a list of pins"),
        ("pca9685:", "the number of the I2C bus and the chip's address are wanted"),
        ("pca9685://1/0x80", "0x80 is not an address of this chip; it takes 0x40 to 0x77 without 0x70"),
        ("pca9685://1/0x70", "0x70 is not an address of this chip"),
        ("pca9685://1/0x40?hz=1000", "hz = 1000 is not a rate of pulses; it takes 50 to 333"),
        ("sacn:", "a host name or IPv4 address is wanted; write sacn://239.255.0.1?universe=1"),
        ("sacn://1.2.3.400", "1.2.3.400 is no IPv4 address"),
        ("sacn://1.2.3", "1.2.3 is no IPv4 address"),
        ("sacn://me:secret@host", "a host name or IPv4 address is wanted"),
        ("sacn://host:99", "a host name or IPv4 address is wanted"),
        ("sacn://host/path", "a host name or IPv4 address is wanted"),
        ("sacn://host?universe=0", "universe = 0 is not a universe; it takes 1 to 63999"),
        ("sacn://host?bits=12", "bits = 12 is not known; it takes 8 or 16"),
        ("artnet://host?low_us=2000&high_us=1000", "low_us has to be less than high_us"),
        ("maistro:///dev/ttyACM0", "did you mean maestro?"),
        ("maestro", "what follows is missing; write maestro:///dev/ttyACM0"),
        ("maestro:///dev/\x1b[2Jtty", "it holds characters that no port URL has"),
        ("maestro:///dev/tty\n", "it holds characters that no port URL has"),
    ],
)
def test_a_wrong_one_shows_the_right_form(text: str, message: str | None) -> None:
    if message is None:
        assert parse_port_url(text).path == "/dev"
        return
    with pytest.raises(InputError) as caught:
        parse_port_url(text)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@settings(deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.text(max_size=60))
def test_whatever_follows_a_scheme_is_a_port_url_or_one_line(scheme: str, rest: str) -> None:
    refusal, url = "", None
    try:
        url = read_port_url(f"{scheme}:{rest}")
    except ValueError as error:
        refusal = str(error)
    assert refusal.isprintable()
    assert len(refusal) < 500
    if url is not None:
        assert 1200 <= url.baud <= 4_000_000
        for name, option in FORMS[scheme].options.items():
            value = url.options.get(name)
            if isinstance(value, int) and not option.choices:
                assert option.minimum <= value <= option.maximum


def test_every_form_shown_is_one_that_is_read() -> None:
    for scheme, form in FORMS.items():
        for example in form.text.split(" or "):
            assert read_port_url(example.replace("HOST", "127.0.0.1")).scheme == scheme


def test_the_registry_knows_the_foreign_ones_alone() -> None:
    own = {scheme for scheme in FORMS if not has_driver(scheme)}
    assert own == {"virtual", "serial", "fake", "none", "usb"}
    assert not has_driver("nonsense")
    with pytest.raises(DeviceError, match="no driver is needed"):
        open_driver(parse_port_url("fake:"))


def _plug(device: str, vendor: int | None, product: int = 0x000A, serial: str | None = None) -> ListPortInfo:
    port = ListPortInfo(device)
    port.vid, port.pid, port.serial_number = vendor, product, serial
    return port


def _plugged_in(monkeypatch: pytest.MonkeyPatch, *ports: ListPortInfo) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: list(ports))


def _refusal(text: str) -> str:
    with pytest.raises(MandibleError) as caught:
        open_port(parse_port_url(text))
    assert caught.value.exit_code == 3
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_a_board_is_found_by_its_plug_on_whatever_tty_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "mandible.firmware_bridge.ports.SerialPort", lambda path, baud: opened.append((path, baud))
    )
    other = _plug("/dev/ttyS0", None)
    for tty in ("/dev/ttyACM0", "/dev/ttyACM1"):
        _plugged_in(monkeypatch, other, _plug("/dev/ttyUSB0", 0x0403), _plug(tty, 0x2E8A, serial="E661"))
        open_port(parse_port_url("usb:2e8a:000a:E661?baud=500000"))
        open_port(parse_port_url("usb:2e8a:000a"))
    assert opened == [
        ("/dev/ttyACM0", 500_000),
        ("/dev/ttyACM0", 115_200),
        ("/dev/ttyACM1", 500_000),
        ("/dev/ttyACM1", 115_200),
    ]


def test_two_boards_of_one_name_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    _plugged_in(
        monkeypatch, _plug("/dev/ttyACM1", 0x2E8A, serial="B"), _plug("/dev/ttyACM0", 0x2E8A, serial="A")
    )
    assert _refusal("usb:2e8a:000a").endswith(
        "2 boards are called so; write usb:2e8a:000a:A (/dev/ttyACM0) or usb:2e8a:000a:B (/dev/ttyACM1)"
    )


def test_twins_without_numbers_are_named_by_their_ttys(monkeypatch: pytest.MonkeyPatch) -> None:
    _plugged_in(
        monkeypatch, _plug("/dev/ttyACM0", 0x2E8A, serial="1"), _plug("/dev/ttyACM1", 0x2E8A, serial="1")
    )
    assert "serial:///dev/ttyACM0 or serial:///dev/ttyACM1" in _refusal("usb:2e8a:000a:1")


def test_a_board_that_is_not_there_says_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _plugged_in(monkeypatch, _plug("/dev/ttyS0", None))
    assert "plug it in (no USB serial port is plugged in)" in _refusal("usb:2e8a:000a")
    _plugged_in(monkeypatch, _plug("/dev/ttyUSB0", 0x0403, 0x6001, "evil\x1b[2J"))
    assert "there are usb:0403:6001:evil\\x1b[2J (/dev/ttyUSB0)" in _refusal("usb:2e8a:000a")
