"""Packages are layers: a module imports only from its own layer and those below, types included."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import LAYERS, PACKAGE, ROOT, cycles, graph, imported, layer, modules
from layers import picture

# The client shares the model and the dialects with the server, and nothing else.
CLIENT = {"model", "dialects", "client"}
CLI = CLIENT | {"auth", "store", "cli"}  # `chatsvc account` opens the archive
TWISTED = {"transports", "process", "options", "checks", "running", "tap", "client", "cli"}
SERVER = {
    f"chatsvc.cli.{name}" for name in ("check", "config", "parsers", "serve", "service_files")
}  # they need all of it
MODULES = modules()


def may_import(name: str) -> set[str]:
    if name in ("client", "cli"):
        return CLIENT if name == "client" else CLI
    rank = next(rank for rank, names in enumerate(LAYERS) if name in names)
    return {name, *(other for names in LAYERS[:rank] for other in names)}


@pytest.mark.parametrize("name", sorted(set(MODULES) - {PACKAGE}))
def test_a_module_imports_only_from_its_layer_and_those_below(name: str) -> None:
    if name in SERVER:
        return
    above = {other for other in graph()[name] if layer(other) not in may_import(layer(name))}
    assert above == set()
    if layer(name) not in TWISTED:
        outside = {one for one in imported(MODULES[name]) if one.startswith(("twisted", "zope"))}
        assert outside == set()


def test_no_modules_import_each_other() -> None:
    assert cycles(graph()) == []


def test_a_cycle_would_be_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_every_package_is_a_layer() -> None:
    listed = {name for names in LAYERS for name in names}
    assert {layer(name) for name in MODULES} - {PACKAGE} == listed


def test_the_plugin_names_the_server_and_does_not_import_it() -> None:
    (path,) = (ROOT / "twisted").rglob("*.py")  # and no __init__.py beside or above it
    assert imported(Path(path)) == {"twisted.application.service.ServiceMaker"}
    assert '"chatsvc.tap"' in path.read_text()


def test_the_picture_of_the_layers_is_up_to_date() -> None:
    """To update it: `python tests/layers.py docs/layers.svg`."""
    assert (ROOT / "docs" / "layers.svg").read_text() == picture()
