"""Training settings, float weights and recipes: what needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import float_weights, page, released, reproduce, training_report
from mandible.models.settings import Settings, from_record


@pytest.mark.parametrize(
    ("field", "value"),
    [("lookahead_ms", 25), ("lookahead_ms", -10), ("lookahead_ms", 30.0), ("epochs", 0), ("epochs", 2.5),
     ("epochs", True), ("learning_rate", float("nan")), ("weight_decay", float("nan")),
     ("clip_norm", float("nan")), ("clip_norm", float("inf")), ("jaw_weight", -3), ("clean_share", 5),
     ("warm_up_steps", 0), ("chunk_hops", 0), ("chunk_hops", "x"), ("unscored_hops", 500),
     ("teacher_share", 1.5), ("copies", 11), ("precision", "float8"), ("size", ["small"]),
     ("batch_chunks", 0), ("seed", -1), ("seed", 10**400)],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named(field: str, value: object) -> None:
    with pytest.raises(InputError, match=f"training setting {field} = "):
        from_record({field: value}, "here")


def test_a_record_from_a_stranger_is_checked() -> None:
    with pytest.raises(InputError, match='card: training setting "colour" is unknown'):
        from_record({"colour": 1}, "card")
    with pytest.raises(
        InputError, match='card: training setting epochs = "many" must be a whole number from 1 to 1000'
    ):
        from_record({"epochs": "many"}, "card")
    assert from_record(Settings(epochs=3).described(), "card") == Settings(epochs=3)


def network(*weights: np.ndarray) -> SimpleNamespace:
    """What ``save`` and ``put`` use of a Keras network."""
    variables = [SimpleNamespace(name=f"w{n}/x:0", shape=w.shape) for n, w in enumerate(weights)]
    return SimpleNamespace(weights=variables, get_weights=lambda: list(weights), set_weights=lambda w: None)


def test_weights_come_back_in_their_order(tmp_path: Path) -> None:
    weights = [np.full((n + 1,), n, np.float32) for n in range(12)]
    float_weights.save(network(*weights), tmp_path / "float.npz")
    assert [w.tolist() for w in float_weights.load(tmp_path / "float.npz")] == [w.tolist() for w in weights]
    assert float_weights.find(str(tmp_path)) == tmp_path / "float.npz"
    assert [path.name for path in tmp_path.iterdir()] == ["float.npz"]


def test_damaged_foreign_and_missing_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "float.npz"
    path.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="not a file of float weights"):
        float_weights.load(path)
    np.savez(path, w=np.array([object()]), allow_pickle=True)
    with pytest.raises(InputError, match="not a file of float weights"):
        float_weights.load(path)
    with pytest.raises(InputError, match="of another size"):
        float_weights.put([np.zeros(3, np.float32)], network(np.zeros(4, np.float32)), path)
    with pytest.raises(InputError, match="no finite numbers"):
        float_weights.put([np.full(4, np.nan, np.float32)], network(np.zeros(4, np.float32)), path)
    with pytest.raises(InputError, match="no float weights there"):
        float_weights.find(str(tmp_path / "nowhere"))


def test_every_recipe_is_usable_and_needs_only_earlier_ones() -> None:
    known = reproduce.recipes()
    assert {name for name, recipe in known.items() if recipe.get("release", True)} == set(released.names())
    for number, (name, recipe) in enumerate(known.items()):
        reproduce.settings_of(name, recipe)
        for key in ("teacher", "start"):
            assert recipe.get(key) in [None, *list(known)[:number]]


@pytest.mark.parametrize("name", released.names())
def test_the_recipe_is_what_the_card_records(name: str) -> None:
    recipe, card = reproduce.recipes()[name], released.resolve(name).card
    assert card["training"]["settings"] == reproduce.settings_of(name, recipe).described()
    for role in ("teacher", "start"):
        asked = card["training"][f"{role}_sha256"]
        assert bool(asked) == (role in recipe)
        if asked:
            assert float_weights.released_with(asked) == float_weights.find(recipe[role])


def test_weights_that_were_never_released_are_not_guessed() -> None:
    with pytest.raises(InputError, match="no released weights have the checksum 000000000000…"):
        float_weights.released_with("0" * 64)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "huge"], 'training setting size = "huge" must be one of nano, small'),
        (["--lookahead-ms", "7"], "training setting lookahead_ms = 7 must be a multiple of 10"),
        (["--teacher", "nobody"], "no float weights there"),
        (["--card", "nothing.json"], "nothing.json: no such file"),
        (["--chunk-hops", "0"], "options: training setting chunk_hops = 0 must be a whole number from 2"),
    ],
)
def test_the_verb_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    out = tmp_path / "out"
    assert main(["train", "--corpus", str(tmp_path), "-o", str(out), *words]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_report_shows_the_course_and_escapes_what_it_was_given(tmp_path: Path) -> None:
    history = [{"epoch": n, "loss": 2.0 / n, "dev_accuracy": 0.5 + n / 100, "seconds": 3} for n in (1, 2, 3)]
    source = {"source": "<script>", "hours": 0.5, "speakers": 2, "utterances": 9, "licence": "own"}
    record = {
        "settings": Settings().described(),
        "history": history,
        "data": {"train": [source], "dev": []},
    }
    training_report.write(tmp_path / "report.html", record)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "best epoch 3 with 0.5300" in text
    assert "<script>" not in text
    assert "polyline" in page.line_chart("flat", [1.0, 1.0])
