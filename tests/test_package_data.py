"""The files that an installed server needs, besides its modules."""

from __future__ import annotations

from configparser import ConfigParser
from glob import glob
from pathlib import Path

from imports import PACKAGE, ROOT


def installed() -> set[Path]:
    """Return the files that `setup.cfg` names, found as setuptools finds them."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    patterns = config["options.package_data"][PACKAGE].split()
    here = ROOT / PACKAGE
    return {here / name for one in patterns for name in glob(one, root_dir=here, recursive=True)}


def test_all_files_are_installed() -> None:
    present = {path for path in (ROOT / PACKAGE).rglob("*") if path.is_file()}
    wanted = {path for path in present if path.suffix not in (".py", ".pyc")}
    assert ROOT / PACKAGE / "web" / "index.html" in wanted
    assert wanted <= installed()
