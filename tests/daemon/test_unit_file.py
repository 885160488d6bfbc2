"""The unit file starts what was asked for, as an unprivileged user, and systemd's own checker agrees."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.device.daemon.unit_file import MARK, Account, Service, checked_name, command, escaped, quoted
from mandible.errors import InputError

OPTIONS = ("--rig", "skull", "--source", "cmd:echo \"50%\" $HOME \\n 'x'", "--metrics", "127.0.0.1:9464")
PERSON = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0)


def unit(**changes: object) -> str:
    values = {"name": "mandible", "options": OPTIONS, "account": Account(None), **changes}
    return Service(**values).text()  # type: ignore[arg-type]


def settings_of(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("release", [0, 252, 255])
@pytest.mark.parametrize(
    "account", [Account(None), Account(PERSON), None], ids=["dynamic", "person", "session"]
)
def test_systemd_takes_it(account: Account | None, release: int, tmp_path: Path) -> None:
    file = tmp_path / "mandible.service"
    writes = () if account is None or account.name is None else (Path("/var/lib/a b/$x%/track.csv"),)
    file.write_text(unit(account=account, systemd=release, writes=writes))
    which = ["--user"] if account is None else []
    done = subprocess.run(
        ["systemd-analyze", "verify", *which, str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    complaints = [line for line in done.stderr.splitlines() if "Restart" not in line or release < 254]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.parametrize("account", [Account(None), None], ids=["system", "session"])
def test_it_notifies_watches_and_comes_back(account: Account | None) -> None:
    found = settings_of(unit(account=account))
    for key, value in {
        "Type": "notify",
        "WatchdogSec": "30",
        "Restart": "always",
        "RestartPreventExitStatus": "2",
        "RuntimeDirectory": "mandible",
        "RuntimeDirectoryMode": "0700",
        "ExecReload": "kill -HUP $MAINPID",
        "KillMode": "control-group",
        "NoNewPrivileges": "yes",
    }.items():
        assert found[key] == [value], key
    assert unit(account=account).startswith(MARK)


def test_nobody_runs_it_as_root_and_devices_stay_in_reach() -> None:
    found = settings_of(unit())
    assert found["DynamicUser"] == ["yes"]
    assert {"audio", "dialout"} <= set(found["SupplementaryGroups"][0].split())
    for harmful in ("PrivateDevices", "DeviceAllow", "DevicePolicy", "ProtectClock", "PrivateNetwork"):
        assert harmful not in found
    assert settings_of(unit(account=Account(PERSON)))["User"] == [PERSON]
    session = settings_of(unit(account=None))
    for needs_privilege in ("User", "SupplementaryGroups", "PrivateTmp", "ProtectSystem", "Nice"):
        assert needs_privilege not in session


def test_a_newer_systemd_waits_longer_each_time() -> None:
    assert settings_of(unit(systemd=252))["RestartSec"] == ["10"]
    assert settings_of(unit(systemd=254))["RestartMaxDelaySec"] == ["60"]


def test_the_line_is_a_service_once() -> None:
    assert command(("--rig", "x")).count("--service") == 1
    assert command(("--service",)).count("--service") == 1


def unquoted(text: str) -> str:
    """Read a quoted word as systemd documents it."""
    if not text.startswith('"'):
        return text
    inner, out, i = text[1:-1].replace("%%", "%").replace("$$", "$"), "", 0
    while i < len(inner):
        i += inner[i] == "\\"
        out += inner[i]
        i += 1
    return out


@settings(max_examples=300)
@given(
    st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(list(" \\\"'$%;{}*")), min_size=1)
)
def test_any_printable_word_comes_through(word: str) -> None:
    text = quoted(word)
    assert unquoted(text) == word
    assert "\n" not in text


@pytest.mark.parametrize("word", ["a\nExecStart=/bin/sh", "\x00", "a\rb", "\u2028"])
def test_a_line_end_cannot_bring_in_another_setting(word: str) -> None:
    with pytest.raises(InputError, match="unprintable"):
        quoted(word)
    with pytest.raises(InputError, match="unprintable"):
        escaped(word)


@pytest.mark.parametrize("name", ["", "Mandible", "../x", "a b", "-x", "x" * 40, "a.service", "é"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="--name"):
        checked_name(name)


def test_root_and_strangers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="unprivileged"):
        Account.chosen("root")
    with pytest.raises(InputError, match="no such user"):
        Account.chosen("no-such-person")
    monkeypatch.setenv("SUDO_USER", PERSON)
    assert Account.chosen(None).name == PERSON
    monkeypatch.setenv("SUDO_USER", "root")
    assert Account.chosen(None).name is None


def test_files_out_of_the_services_reach_are_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    home.chmod(0o700)
    rig = home / "rig.toml"
    rig.write_text("")
    assert Account(None).kept_out_by(rig) in (home, *home.parents)
    assert Account(None).kept_out_by(Path("/etc/passwd")) is None
    shadow = Path("/etc/shadow")
    assert Account(None).kept_out_by(shadow) == shadow
    with pytest.raises(InputError, match="may not read /etc/shadow; choose another place, or name its owner"):
        unit(reads=(shadow,))
    with pytest.raises(InputError, match="has a tmp folder of its own"):
        unit(reads=(Path("/tmp/rig.toml"),))
    with pytest.raises(InputError, match="owns no folder to write to"):
        unit(writes=(Path("/var/lib/x/track.csv"),))


def test_an_owner_may_read_what_is_his(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    rig = tmp_path / "rig.toml"
    rig.write_text("")
    rig.chmod(0o600)
    assert Account(me).kept_out_by(rig) is None
    assert Account(PERSON if me != PERSON else None).kept_out_by(rig) is not None
